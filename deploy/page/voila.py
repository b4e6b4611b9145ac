"""How Voila serves the lab as a page: for `make page`, and for Binder, where Voila is part of Jupyter's server."""

c = get_config()  # noqa: F821 - Jupyter puts it here

c.VoilaConfiguration.template = "constraint_tax"
# In no other could a reader tell that the kernel has ended, and others ask the network for icons.
c.VoilaConfiguration.allow_template_override = "NO"
# Those that draw widgets; others look for a JupyterLab that isn't there.
c.VoilaConfiguration.extension_allowlist = [
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager8",
    "anywidget",
]
# A kernel's messages are sent at once (docs/performance.md). Within Jupyter's server, that is set for the server.
c.Voila.kernel_websocket_connection_class = "mlwf.serving.PromptConnection"
# And a cell's reply is not missed.
c.AsyncKernelManager.client_factory = "mlwf.serving.PatientClient"
