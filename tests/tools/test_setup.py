"""Set-up on machines where something is missing: one line that says what to install."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import install
import lab
import page
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


@pytest.mark.thorough
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


@pytest.fixture
def taken_port():
    with socket.socket() as taken:
        taken.bind((lab.HOST, 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_a_port_that_is_taken_is_refused_with_another_to_try(taken_port):
    """Does PORT mean exactly that port, with a sentence if it can't be had?"""
    for target in ("lab", "page"):
        said = rf"^{target}: port {taken_port} is in use; choose another one: make {target} PORT={taken_port + 1}$"
        with pytest.raises(SystemExit, match=said):
            lab.choose_port(str(taken_port), target)
        for nonsense in ("abc", "0", "70000", "-1", "8888.5"):
            with pytest.raises(
                SystemExit, match=f"^{target}: PORT must be a number from 1 to 65535, not '{nonsense}'$"
            ):
                lab.choose_port(nonsense, target)


def test_without_a_wish_the_next_free_port_is_taken(monkeypatch):
    """Does the lab start beside another Jupyter that has the usual port?"""
    monkeypatch.setattr(lab, "is_free", lambda port: port >= lab.FIRST_PORT + 3)
    assert lab.choose_port("", "lab") == lab.FIRST_PORT + 3


@pytest.fixture
def started(monkeypatch):
    """What a tool would turn into, instead of turning into it."""
    started = []
    monkeypatch.setattr("os.execve", lambda program, command, environment: started.append((command, environment)))
    monkeypatch.chdir(ROOT)
    for name in ("PORT", "THEME", "READERS", "WARM", "IDLE", "LEFT", "MLWF_LEDGER", "JUPYTER_PATH"):
        monkeypatch.delenv(name, raising=False)
    return started


def test_a_page_is_refused_what_it_has_not_got(started, taken_port, monkeypatch):
    """Do a port that is taken and a theme that there is not end in one line, before anything is started?"""
    monkeypatch.setenv("PORT", str(taken_port))
    with pytest.raises(SystemExit, match=rf"^page: port {taken_port} is in use; choose another one: make page PORT="):
        page.main()
    monkeypatch.delenv("PORT")
    monkeypatch.setenv("THEME", "pink")
    with pytest.raises(SystemExit, match=r"^page: THEME must be light or dark, not 'pink'$"):
        page.main()
    monkeypatch.delenv("THEME")
    for name, least in (("READERS", 1), ("WARM", 0), ("IDLE", 0.01), ("LEFT", 0.01)):
        for nonsense in ("many", "-1", "nan", "1e9", *(("0", "1.5x") if least else ("1.5",))):
            monkeypatch.setenv(name, nonsense)
            with pytest.raises(
                SystemExit, match=f"^page: {name} must be a (whole )?number from {least} to 10000, not '{nonsense}'$"
            ):
                page.main()
        monkeypatch.delenv(name)
    monkeypatch.setenv("READERS", "1")
    monkeypatch.setenv("WARM", "2")
    with pytest.raises(SystemExit, match=r"^page: WARM=2 kernels are more than READERS=1 can use"):
        page.main()
    assert started == []


def test_a_page_is_served_to_this_machine_and_keeps_nothing(started, monkeypatch, capsys):
    """Does the page start with the theme asked for, here only, and with a record that ends with it unless one is named?"""
    monkeypatch.setattr(lab, "is_free", lambda port: port == lab.FIRST_PORT)
    monkeypatch.setenv("THEME", "dark")
    page.main()
    command, environment = started.pop()
    assert {"voila", lab.NOTEBOOK, "--Voila.ip=127.0.0.1", "--port=8888", "--theme=dark"} < {*command}
    assert environment["MLWF_LEDGER"] == ":memory:"
    template = Path(environment["JUPYTER_PATH"]) / "voila" / "templates" / "constraint_tax"
    assert (template / "conf.json").is_file()
    said = capsys.readouterr().out
    assert "http://127.0.0.1:8888/" in said
    assert "20 readers at once" in said
    assert {"--ReadersKernels.most=20", "--pool_size=2", "--preheat_kernel=True"} < {*command}
    assert {"--ReadersKernels.cull_idle_timeout=3600", "--ReadersKernels.left_timeout=300"} < {*command}
    monkeypatch.delenv("THEME")
    monkeypatch.setenv("WARM", "0")
    monkeypatch.setenv("READERS", "3")
    monkeypatch.setenv("IDLE", "0.5")
    monkeypatch.setenv("MLWF_LEDGER", "elsewhere.json")
    monkeypatch.setenv("JUPYTER_PATH", "more")
    page.main()
    command, environment = started.pop()
    assert {"--theme=light", "--preheat_kernel=False", "--ReadersKernels.most=3"} < {*command}
    assert {"--ReadersKernels.cull_idle_timeout=30", "--ReadersKernels.cull_interval=3"} < {*command}
    assert environment["MLWF_LEDGER"] == "elsewhere.json"
    assert environment["JUPYTER_PATH"].endswith(f"{os.pathsep}more")


def test_a_lab_is_served_to_this_machine(started, monkeypatch, capsys):
    """Does the lab open its notebook, here only, with a token that shows in no list of processes?"""
    monkeypatch.setattr(lab, "is_free", lambda port: port == lab.FIRST_PORT)
    lab.main()
    command, environment = started.pop()
    assert {"jupyterlab", "--ip=127.0.0.1", "--port=8888", f"--LabApp.default_url=/lab/tree/{lab.NOTEBOOK}"} < {
        *command
    }
    assert (ROOT / lab.NOTEBOOK).is_file()
    assert environment["JUPYTER_TOKEN"] not in " ".join(command)
    assert f"?token={environment['JUPYTER_TOKEN']}" in capsys.readouterr().out
