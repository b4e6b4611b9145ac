"""Are processes found beside others that have ended?"""

import os
import subprocess
import sys

from processes import started_with


def test_a_child_that_has_ended_hides_no_other():
    """Is a server found although an earlier child has ended and nobody has asked how?"""
    sleep = [sys.executable, "-c", "print(flush=True); import time; time.sleep(60)", "--port=1"]
    ended = subprocess.Popen([sys.executable, "-c", "", "--port=1"])
    running = subprocess.Popen(sleep, stdout=subprocess.PIPE)
    try:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        assert running.stdout is not None
        assert running.stdout.readline()  # so that its command line is its own already
        assert [process.pid for process in started_with("--port=1")] == [running.pid]
    finally:
        ended.wait()
        running.kill()
        running.communicate()
