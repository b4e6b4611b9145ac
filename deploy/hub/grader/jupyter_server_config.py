"""The course's server, with Formgrader; runs in the course's folder."""

c = get_config()  # noqa: F821 - Jupyter puts it here

# Nobody studies here.
c.ServerApp.jpserver_extensions = {
    "nbgrader.server_extensions.course_list": False,
    "nbgrader.server_extensions.assignment_list": False,
}
# Formgrader is shown in a frame of JupyterLab's. JupyterHub forbids frames altogether; our own pages may have ours.
c.ServerApp.tornado_settings = {"headers": {"Content-Security-Policy": "frame-ancestors 'self'"}}
