"""What nbgrader has to know, whoever calls it; stands in etc/jupyter of the hub's environment."""

from pathlib import Path

c = get_config()  # noqa: F821 - nbgrader puts it here

# Beside the environment: STATE/env/etc/jupyter/nbgrader_config.py, STATE/exchange.
c.Exchange.root = str(Path(__file__).resolve().parents[3] / "exchange")
# Fetched assignments come into a folder named as the course, so that a second course does not collide with the first.
c.Exchange.path_includes_course = True
# What is handed in stays as it is: by nbgrader's own way whoever learns its name can change it.
c.ExchangeFactory.submit = "mlwf.grading.exchange.Submit"
