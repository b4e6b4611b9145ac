"""Python in a browser: no threads, no locks on files, no processes, no ZMQ; the lab has to do without."""

import subprocess
import sys
from pathlib import Path

MISSING = ("fcntl", "termios", "resource", "zmq", "tornado", "psutil", "multiprocessing", "pexpect", "ssl")
LAB = f"""
import asyncio, sys, threading, types
sys.modules["ipykernel"] = types.ModuleType("ipykernel")
sys.modules["ipykernel"].version_info = (7, 0)  # JupyterLite's stand-in for it can't do more
for name in {MISSING}:
    sys.modules[name] = None

def start(self):
    raise RuntimeError("can't start new thread")

threading.Thread.start = start

from mlwf.instruments import Desk, RaceModel, race_instrument
from mlwf.lab import Lab

async def use():
    lab = Lab()
    lab.header()
    lab.progress["cost"].submit("10x")
    parts = [lab.show_timeline(), lab.show_split()]
    desk, model, done = Desk(), RaceModel(), []
    race = race_instrument(model, desk)
    before = race.panel.picture
    race.bound[1].control.value = 4
    desk.later("first", lambda: (done.append("first"), desk.later("second", lambda: done.append("second"))))
    assert done == []
    while len(done) < 2:
        await asyncio.sleep(0.05)
    desk.later("third", lambda: done.append("third"))
    while len(done) < 3:
        await asyncio.sleep(0.05)
    assert race.panel.picture != before
    print(*done, model.small_cycle, race.panel.picture[1:4].decode())

asyncio.run(use())
"""


def test_the_lab_runs_where_there_are_no_threads_and_few_modules(tmp_path: Path):
    """Does an instrument follow its control, and is what can wait done by the event loop, without threads and what else a browser lacks?"""
    environment = {"PATH": "", "HOME": str(tmp_path), "MLWF_LEDGER": ":memory:"}
    done = subprocess.run([sys.executable, "-c", LAB], capture_output=True, text=True, check=False, env=environment)
    assert done.stderr == ""
    assert done.stdout == "first second third 4 PNG\n"
    assert not (tmp_path / ".mlsys").exists()
