"""What nbgrader has to know, whoever calls it; stands in etc/jupyter of the hub's environment."""

from pathlib import Path

c = get_config()  # noqa: F821 - nbgrader puts it here

# Beside the environment: STATE/env/etc/jupyter/nbgrader_config.py, STATE/exchange, STATE/course.
state = Path(__file__).resolve().parents[3]
exchange = state / "exchange"
c.Exchange.root = str(exchange)
# Fetched assignments come into a folder named as the course, so that a second course does not collide with the first.
c.Exchange.path_includes_course = True
# What is handed in stays as it is: by nbgrader's own way whoever learns its name can change it.
c.ExchangeFactory.submit = "mlwf.grading.exchange.Submit"
# Whose a submission is, its folder's owner says and not its name, which anybody may choose; and of what lies in it, only files
# are taken. Without system users all folders have one owner, and it is the name after all.
c.ExchangeFactory.collect = "mlwf.grading.exchange.Collect"
c.ExchangeCollect.check_owner = exchange.stat().st_uid != (state / "course").stat().st_uid
