"""Set-up on machines where something is missing: one line that says what to install."""

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import install
import lab
import pytest

ROOT = Path(__file__).parents[2]


def test_an_old_python_is_told_so(monkeypatch):
    """Does a Python that is too old learn which one to install, and how to name another one?"""
    monkeypatch.setattr(install.sys, "version_info", (3, 9, 2, "final", 0))
    with pytest.raises(SystemExit, match=r"Python 3\.11 or newer is needed, and .* is 3\.9.*apt install python3\.11"):
        install.check_python()


def test_a_missing_venv_module_is_named(monkeypatch):
    """Does Debian's Python without its venv package learn which package that is?"""
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(SystemExit, match=r"venv module is missing.*apt install python3\.\d+-venv"):
        install.check_python()


def test_no_network_is_one_line(tmp_path):
    """Does a machine that reaches no packages get one sentence, and no ready-made stamp?"""
    for name in ("pyproject.toml", "constraints.txt", "README.md", "LICENSE", "Makefile"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("tools", "mlwf"):
        shutil.copytree(ROOT / name, tmp_path / name)
    nowhere = {
        "PATH": "/usr/bin:/bin",
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_NO_CACHE_DIR": "1",
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        ["make", f"PYTHON={sys.executable}", ".venv/ready-lab"],
        cwd=tmp_path,
        env=nowhere,
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert done.returncode
    assert len(said) == 1
    assert said[0].startswith("setup: the packages can't be reached. Connect this machine to the network")
    assert not (tmp_path / ".venv" / "ready-lab").exists()


def test_a_port_that_is_taken_is_refused_with_another_to_try():
    """Does PORT mean exactly that port, with a sentence if it can't be had?"""
    with socket.socket() as taken:
        taken.bind((lab.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=rf"port {port} is in use; choose another one: make lab PORT="):
            lab.choose_port(str(port))
    for nonsense in ("abc", "0", "70000", "-1", "8888.5"):
        with pytest.raises(SystemExit, match="PORT must be a number from 1 to 65535"):
            lab.choose_port(nonsense)


def test_without_a_wish_the_next_free_port_is_taken(monkeypatch):
    """Does the lab start beside another Jupyter that has the usual port?"""
    monkeypatch.setattr(lab, "is_free", lambda port: port >= lab.FIRST_PORT + 3)
    assert lab.choose_port("") == lab.FIRST_PORT + 3
