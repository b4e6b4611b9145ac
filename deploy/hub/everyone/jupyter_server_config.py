"""What every server here has in common; stands in etc/jupyter of the hub's environment."""

c = get_config()  # noqa: F821 - Jupyter puts it here

# A kernel's messages are sent at once; otherwise a picture may follow its slider 40 ms late (docs/performance.md).
c.ServerApp.kernel_websocket_connection_class = "mlwf.serving.PromptConnection"
# Kernels listen on this machine's own ports, which all its users can reach: without encryption whoever listens to the right one
# reads along.
c.KernelManager.transport_encryption = "required"
# A kernel holds about 100 MB. Who comes back after an hour runs the lab again; its record is kept.
c.MappingKernelManager.cull_idle_timeout = 3600
c.MappingKernelManager.cull_interval = 300
# Also where somebody left the tab open.
c.MappingKernelManager.cull_connected = True
# Notebooks are never deleted into a bin that fills the home unseen.
c.FileContentsManager.delete_to_trash = False
