"""Follow a Containerfile in a folder, without an engine: ``python3 tools/image.py FOLDER [--file CONTAINERFILE] [-- COMMAND …]``.

The base image is stood in for by Debian and its Python, as mmdebstrap makes them; then RUN, COPY, ENV, ARG, WORKDIR and USER are
done there in order. With a COMMAND, that is run afterwards, by the image's entry point and user; a folder that is ready is taken
as it is. Needs root, mmdebstrap and bubblewrap. Each line runs in namespaces of its own, so that nothing stays mounted.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path, PurePosixPath
from typing import Dict, Iterator, List, Tuple

ROOT = Path(__file__).resolve().parent.parent
#: What `python:3.11-slim-bookworm` stands for.
BASE = re.compile(r"python:(3\.\d+)-slim-(\w+)")
PACKAGES = "ca-certificates,libpython3-stdlib,python3,python3-venv"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: How this machine reaches packages; seen by the lines that are run, and not part of what comes out.
NETWORK = ("/etc/apt", "/etc/pip.conf", "/etc/resolv.conf", "/etc/ssl", "/usr/lib/apt/methods")
SETTINGS = re.compile(r"PIP_|SSL_|(http|https|no)_proxy$", re.IGNORECASE)
USER = ("jovyan", "/home/jovyan")


def stop(message: str) -> None:
    sys.exit(f"image: {message}")


def instructions(text: str) -> Iterator[Tuple[str, str]]:
    """The lines of a Containerfile, those that go on joined; comments are left out."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n", " ", lines).splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield word.upper(), rest.strip()


class Image:
    """What a Containerfile has come to so far."""

    def __init__(self, root: Path) -> None:
        self.root, self.log = root, root.with_name(f"{root.name}.log")
        self.environment: Dict[str, str] = {"PATH": PATH}
        self.arguments: Dict[str, str] = {}
        self.folder, self.user = "/", ""
        self.entry: List[str] = []

    def follow(self, word: str, rest: str, build: bool) -> None:
        """Do one line; only what it says about later ones, unless `build`."""
        if word in ("ENV", "ARG"):
            name, _, value = rest.partition("=")
            (self.environment if word == "ENV" else self.arguments)[name] = shlex.split(value)[0]
        elif word == "USER":
            self.user = rest
        elif word == "ENTRYPOINT":
            self.entry = json.loads(rest)
        elif word == "WORKDIR":
            self.folder = str(PurePosixPath(self.folder) / rest)
            if build and not self.inside(self.folder).is_dir():
                self.inside(self.folder).mkdir(parents=True)
        elif word == "FROM" and build:
            self.bootstrap(rest)
        elif word == "RUN" and build:
            with self.log.open("ab") as log:
                done = self.run(["/bin/sh", "-c", rest], {**self.arguments, **network()}, stdout=log, stderr=log)
            if done.returncode:
                stop(f"a line ended with {done.returncode}: {rest[:80]} (see {self.log})")
        elif word == "COPY" and build:
            self.copy(shlex.split(rest))
        elif word not in ("FROM", "RUN", "COPY", "CMD"):
            stop(f"{word} is not known here")

    def inside(self, path: str) -> Path:
        return self.root / str(PurePosixPath(self.folder) / path).lstrip("/")

    def bootstrap(self, name: str) -> None:
        found = BASE.fullmatch(name)
        if not found:
            stop(f"{name} can't be stood in for; only python:3.N-slim-SUITE")
        command = ["mmdebstrap", "--variant=apt", f"--include={PACKAGES}", found.group(2), str(self.root)]
        sources = Path("/etc/apt/sources.list.d/debian.sources")
        subprocess.run([*command, *([str(sources)] if sources.exists() else [])], check=True, stderr=subprocess.DEVNULL)
        # In the image Python has its packages and settings in /usr/local; so it is here.
        self.run(["python3", "-m", "venv", "/usr/local"], {}).check_returncode()
        said = self.run(["python3", "--version"], {}, stdout=subprocess.PIPE).stdout.decode()
        if not said.startswith(f"Python {found.group(1)}."):
            stop(f"Debian's {found.group(2)} has {said.strip()}, and {name} is wanted")

    def copy(self, words: List[str]) -> None:
        *sources, to = words
        for name in sources:
            source, target = ROOT / name, self.inside(to)
            if not source.exists():
                stop(f"COPY {name}: there is no such file in the project")
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                target = target / source.name if to.endswith("/") or len(sources) > 1 else target
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)

    def run(
        self, command: List[str], environment: Dict[str, str], **more: object
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run a command in the image, as its user."""
        build = not self.user
        user, _, group = (self.user or "root").partition(":")
        switch = ["setpriv", f"--reuid={user}", f"--regid={group or 100}", "--clear-groups", "--"] if self.user else []
        box = ["bwrap", "--bind", str(self.root), "/", "--proc", "/proc", "--dev", "/dev", "--cap-add", "ALL"]
        box += [
            "--unshare-pid",
            "--unshare-ipc",
            "--unshare-uts",
            "--die-with-parent",
            "--chdir",
            self.folder,
            "--clearenv",
        ]
        for place in NETWORK if build else ():
            if Path(place).exists():
                box += ["--ro-bind", place, place]
        home = USER[1] if user == USER[0] else "/root" if build else "/"
        for name, value in {"HOME": home, **self.environment, **environment}.items():
            box += ["--setenv", name, value]
        return subprocess.run([*box, *switch, *command], **more)  # type: ignore[call-overload]


def network() -> Dict[str, str]:
    return {name: value for name, value in os.environ.items() if SETTINGS.match(name)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="%(prog)s FOLDER [--file CONTAINERFILE] [--env NAME=VALUE …] [-- COMMAND …]",
    )
    parser.add_argument("folder", type=Path, help="where the image's files go; made unless it is there")
    parser.add_argument("--file", type=Path, default=ROOT / "deploy" / "kubernetes" / "Containerfile")
    parser.add_argument(
        "--env", action="append", default=[], metavar="NAME=VALUE", help="for the command, as the hub gives it"
    )
    words, command = sys.argv[1:], []
    if "--" in words:
        words, command = words[: words.index("--")], words[words.index("--") + 1 :]
    asked = parser.parse_args(words)
    if os.geteuid() or not all(map(shutil.which, ("mmdebstrap", "bwrap"))):
        stop("root is needed, and two packages (Debian, Ubuntu: apt install mmdebstrap bubblewrap)")
    if not asked.file.is_file():
        stop(f"there is no {asked.file}")
    image, ready = Image(asked.folder.resolve()), asked.folder / ".ready"
    build = not ready.exists()
    if build and asked.folder.exists():
        stop(f"{asked.folder} is there, and no image that is ready; name another folder")
    for word, rest in instructions(asked.file.read_text()):
        began = time.monotonic()
        image.follow(word, rest, build)
        if build:
            print(f"image: {time.monotonic() - began:5.1f} s  {word} {' '.join(rest.split())[:100]}", flush=True)
    if build:
        size = (
            subprocess.run(["du", "-sm", str(image.root)], stdout=subprocess.PIPE, check=True)
            .stdout.split()[0]
            .decode()
        )
        print(f"image: {size} MB")
        ready.touch()
    if command:
        more = dict(text.partition("=")[::2] for text in asked.env)
        sys.exit(image.run([*image.entry, *command], more).returncode)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        stop(f"{error.cmd[0]} ended with {error.returncode}")
