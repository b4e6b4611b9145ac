"""A student's server."""

c = get_config()  # noqa: F821 - Jupyter puts it here

# Fetch, submit and validate; grading happens elsewhere, and these two would only fail here.
c.ServerApp.jpserver_extensions = {
    "nbgrader.server_extensions.formgrader": False,
    "nbgrader.server_extensions.course_list": False,
}
# A server without a kernel and without anybody looking ends after two hours; the next login starts it again.
c.ServerApp.shutdown_no_activity_timeout = 7200
