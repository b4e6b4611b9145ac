"""What Binder's server is told; postBuild puts it, and voila.py beside it, into etc/jupyter of its environment."""

c = get_config()  # noqa: F821 - Jupyter puts it here

# A kernel's messages are sent at once; otherwise a picture may follow its slider 40 ms late (docs/performance.md).
c.ServerApp.kernel_websocket_connection_class = "mlwf.serving.PromptConnection"
# Voila runs inside this server; its settings are those of `make page`.
load_subconfig("voila.py")  # noqa: F821
