"""The course's server, with Formgrader; runs in the course's folder."""

from nbgrader.server_extensions.formgrader.handlers import SubmissionFilesHandler

c = get_config()  # noqa: F821 - Jupyter puts it here

# Nobody studies here.
c.ServerApp.jpserver_extensions = {
    "nbgrader.server_extensions.course_list": False,
    "nbgrader.server_extensions.assignment_list": False,
}
# Formgrader is shown in a frame of JupyterLab's. JupyterHub forbids frames altogether; our own pages may have ours.
c.ServerApp.tornado_settings = {"headers": {"Content-Security-Policy": "frame-ancestors 'self'"}}
# What was handed in beside a notebook is served as the student wrote it. A page among it shall be able to do nothing here.
SubmissionFilesHandler.content_security_policy = "sandbox"
