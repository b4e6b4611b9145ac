"""The instructor's own server: from here Course List leads to the course's."""

c = get_config()  # noqa: F821 - Jupyter puts it here

# The course and its gradebook are the grader's: Formgrader works there.
c.ServerApp.jpserver_extensions = {
    "nbgrader.server_extensions.formgrader": False,
    "nbgrader.server_extensions.assignment_list": False,
}
# A server without a kernel and without anybody looking ends after two hours; the next login starts it again.
c.ServerApp.shutdown_no_activity_timeout = 7200
