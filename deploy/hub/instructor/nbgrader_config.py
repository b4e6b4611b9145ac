"""What nbgrader has to know on the instructor's own server."""

c = get_config()  # noqa: F821 - nbgrader puts it here

# Course List asks the hub which courses its person may grade.
c.Authenticator.plugin_class = "nbgrader.auth.JupyterHubAuthPlugin"
