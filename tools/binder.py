"""Replay on this machine what Binder does with this project: ``.venv/bin/python tools/binder.py``; PORT sets the port.

repo2docker tells which steps it would take, as the recipe of an image. Those that come from this project are taken here, in their
order and in a copy of the tree, with a fresh virtual environment in the place of conda's; then the server is started as BinderHub
starts it. What comes before them, an Ubuntu with conda and an older Jupyter, is not replayed.
"""

import os
import re
import secrets
import shlex
import shutil
import string
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from lab import HOST, ROOT, free_port

LAB = "lab/tree/notebooks/constraint_tax.ipynb"
PAGE = "voila/render/notebooks/constraint_tax.ipynb"
USER = "jovyan"
# What is copied into the image; what comes after it is ours.
TREE_COPIED = re.compile(r"^COPY --chown=\S+ src/ \$\{REPO_DIR\}/$")
ENVIRONMENT_STEP = re.compile(r'\$\{MAMBA_EXE\} env update -p \$\{NB_PYTHON_PREFIX\} --file "([^"]+)"')
# Where packages come from is the machine's business; everything else of the caller's environment stays outside.
PASSED_ON = re.compile(r"PIP_\w+|\w+_proxy|\w+_PROXY|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|LANG|OPENBLAS\w*")
ANSWERS_WITHIN = 60


class ReplayError(Exception):
    """What went wrong, in one line and with the last lines of its log."""


@dataclass(frozen=True)
class Server:
    """A server that runs.

    Attributes
    ----------
    address : str
        Ends with a slash.
    token : str
    started : float
        When, by the monotonic clock.
    log : Path
    """

    address: str
    token: str
    started: float
    log: Path

    def url(self, path: str) -> str:
        """The address to which Binder's page leads for an `urlpath`."""
        return f"{self.address}{path}{'&' if '?' in path else '?'}token={self.token}"


def copy_tree(target: Path) -> Path:
    """Copy what git would carry to Binder, with what is changed and not yet committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=False,
    )
    if listed.returncode:
        raise ReplayError(f"{ROOT} is no checkout of git's, which tells what Binder would get")
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


def recipe(tree: Path) -> str:
    """Return the recipe of the image that repo2docker would build; raises `ReplayError` if it can't make one."""
    command = [
        sys.executable,
        "-m",
        "repo2docker",
        "--no-build",
        "--no-run",
        "--debug",
        "--user-id=1000",
        f"--user-name={USER}",
    ]
    done = subprocess.run([*command, str(tree)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise ReplayError(f"repo2docker refuses the tree: {done.stderr.strip()[-2000:]}")
    return done.stdout


def steps(recipe: str) -> list[tuple[str, str]]:
    """Return the recipe's steps that come from this project, as instruction and argument."""
    joined = re.sub(r"\\\n", " ", "\n".join(line for line in recipe.splitlines() if not line.lstrip().startswith("#")))
    lines = [line.strip() for line in joined.splitlines() if line.strip()]
    copied = [number for number, line in enumerate(lines) if TREE_COPIED.match(line)]
    if len(copied) != 1:
        raise ReplayError("the recipe does not copy the tree once: this repo2docker works in another way")
    before, after = lines[: copied[0]], lines[copied[0] + 1 :]
    if any(ENVIRONMENT_STEP.search(line) for line in before):
        raise ReplayError("the environment is made before the tree is there, so constraints.txt is missed")
    return [(instruction, argument) for instruction, _, argument in (line.partition(" ") for line in after)]


class Replay:
    """An image that is none: the tree, which is the home as well, and the environment.

    Parameters
    ----------
    folder : Path
        An empty one.
    cache : Path or None
        pip's cache; None for an empty one of its own.
    """

    def __init__(self, folder: Path, cache: Path | None = None) -> None:
        self.folder, self.tree, self.prefix = folder, folder / "home", folder / "env"
        self.log = folder / "build.log"
        self.tree.mkdir()
        kept = {name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)}
        self.environment = {
            **kept,
            "PATH": f"{self.prefix / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.tree),
            "USER": USER,
            "REPO_DIR": str(self.tree),
            "NB_PYTHON_PREFIX": str(self.prefix),
            "PIP_CACHE_DIR": str(cache or folder / "cache"),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        self.python = str(self.prefix / "bin" / "python")
        self.entrypoint: list[str] = []

    def make_base(self, packages: list[str] | None = None) -> None:
        """Make the environment that this project's is built upon: an empty one, or with packages."""
        self.run([sys.executable, "-m", "venv", str(self.prefix)])
        if packages:
            self.run([self.python, "-m", "pip", "install", *packages])

    def build(self) -> None:
        """Take the steps; raises `ReplayError` for one that fails or that is not known here."""
        copy_tree(self.tree)
        for instruction, argument in steps(recipe(self.tree)):
            self.take(instruction, argument)

    def take(self, instruction: str, argument: str) -> None:
        environment_file = ENVIRONMENT_STEP.search(argument)
        if instruction == "RUN" and environment_file:
            self.install(self.tree / environment_file.group(1))
        elif instruction == "RUN":
            self.run(["bash", "-c", argument])
        elif instruction == "ENV":
            name, _, value = argument.partition("=")
            self.environment[name] = string.Template(shlex.split(value)[0]).safe_substitute(self.environment)
        elif instruction == "ENTRYPOINT":
            self.entrypoint = [self.python, str(entrypoint())]
        elif instruction not in ("USER", "LABEL", "CMD") and not (
            instruction == "COPY" and "/usr/local/bin/" in argument
        ):
            raise ReplayError(f"not known here: {instruction} {argument}")

    def install(self, file: Path) -> None:
        """Do for a file what mamba's `env update` does once conda's own packages are there."""
        import yaml

        pip = next(
            entry["pip"] for entry in yaml.safe_load(file.read_text())["dependencies"] if isinstance(entry, dict)
        )
        # mamba writes these lines into a file beside the environment's, from where paths are looked for.
        with tempfile.NamedTemporaryFile("w", prefix="mambaf", dir=file.parent) as requirements:
            requirements.write("\n".join(pip) + "\n")
            requirements.flush()
            self.run([self.python, "-m", "pip", "install", "-U", "-r", requirements.name, "--no-input"])

    def run(self, command: list[str]) -> None:
        with self.log.open("ab") as log:
            done = subprocess.run(
                command, cwd=self.tree, env=self.environment, stdout=log, stderr=subprocess.STDOUT, check=False
            )
        if done.returncode:
            raise ReplayError(f"{shlex.join(command)} failed:\n{self.log.read_text()[-3000:]}")

    def installed(self) -> dict[str, str]:
        """Return what is installed, with versions."""
        done = subprocess.run(
            [self.python, "-m", "pip", "list", "--format=freeze", "--exclude-editable"],
            env=self.environment, stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        return dict(line.split("==") for line in done.stdout.split())

    @contextmanager
    def serve(self, port: int = 0) -> Iterator[Server]:
        """Start the server as BinderHub does, and end it.

        Yields
        ------
        Server
            One that answers.

        Raises
        ------
        ReplayError
            It ended, or gave no answer in a minute.
        """
        port, base, token = port or free_port(), f"/user/mlwf-{secrets.token_hex(4)}/", secrets.token_urlsafe(16)
        told = [f"base_url={base}", f"token={token}", "trust_xheaders=True"]
        command = [*self.entrypoint, str(self.prefix / "bin" / "jupyter-lab"), f"--ip={HOST}", f"--port={port}"]
        command += [f"--{app}.{value}" for app in ("NotebookApp", "ServerApp") for value in told]
        command += ["--no-browser", *(["--allow-root"] if os.geteuid() == 0 else [])]
        log = self.folder / "server.log"
        with log.open("wb") as out:
            started = time.monotonic()
            process = subprocess.Popen(
                command,
                cwd=self.tree,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            server = Server(f"http://{HOST}:{port}{base}", token, started, log)
            while not answers(server.url("api/status")):
                if process.poll() is not None or time.monotonic() > started + ANSWERS_WITHIN:
                    raise ReplayError(f"the server does not answer:\n{log.read_text()[-3000:]}")
                time.sleep(0.05)
            yield server
        finally:
            process.terminate()  # the entry point passes it on, and the server ends its kernels
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def entrypoint() -> Path:
    """Return the program that starts what an image of repo2docker runs."""
    spec = find_spec("repo2docker")
    return Path(spec.submodule_search_locations[0]) / "buildpacks" / "repo2docker-entrypoint"


def base_packages() -> list[str]:
    """Return, for pip, what repo2docker's own environment has of Jupyter and of what we pin, before this project is installed."""
    lock = entrypoint().parent / "conda" / "environment.py-3.11-linux-64.lock"
    there = dict(re.findall(r"/([a-z0-9_.-]+)-([0-9][0-9.]*)-[^-/]+\.(?:conda|tar\.bz2)", lock.read_text()))
    ours = {line.split("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().split()}
    names = {*ours, "jupyter-resource-usage", "jupyter-offlinenotebook"} - {"nodejs", "jupyterhub", "cffi"}
    return [f"{name}=={version}" for name, version in there.items() if name in names] + [
        f"jupyterhub=={there['jupyterhub-base']}"
    ]


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return reply.status == 200
    except (urllib.error.URLError, OSError):
        return False


def pip_cache() -> Path | None:
    """Return this machine's own cache of pip; None where pip is told to keep none."""
    command = [sys.executable, "-m", "pip", "cache", "dir"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return Path(done.stdout.strip()) if done.returncode == 0 else None


def main() -> None:
    from lab import choose_port

    port = choose_port(os.environ.get("PORT", ""), "binder")
    with tempfile.TemporaryDirectory(prefix="mlwf-binder-") as folder:
        replay = Replay(Path(folder), pip_cache())
        try:
            print("binder: making the environment as repo2docker's recipe says; this takes a minute", flush=True)
            replay.make_base()
            replay.build()
            with replay.serve(port) as server:
                print(
                    f"binder: the two links lead to\n\n    {server.url(LAB)}\n    {server.url(PAGE)}\n\nbinder: Ctrl-C ends it.",
                    flush=True,
                )
                while True:
                    time.sleep(3600)
        except ReplayError as error:
            sys.exit(f"binder: {error}")
        except KeyboardInterrupt:
            print("\nbinder: ended")


if __name__ == "__main__":
    main()
