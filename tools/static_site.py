"""Build the lab as a site that needs no server: ``.venv/bin/python tools/static_site.py``; options by the environment.

SITE is the folder to make, RUNTIME a folder with Pyodide's files for a site that asks nobody for anything. Everything else is
what is installed here: Python packages are made wheels again, so that the build itself needs no network.
"""

import base64
import email
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Dict, List, NoReturn, Optional

from flit_core import buildapi
from jupyterlite_pyodide_kernel.constants import PYODIDE_CDN_URL, PYODIDE_VERSION
from lab import NOTEBOOK, ROOT
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PARTS = ROOT / "deploy" / "site"
EXTENSIONS = Path(sys.prefix) / "share" / "jupyter" / "labextensions"
KERNEL = "@jupyterlite/pyodide-kernel-extension"
SHOWN = [EXTENSIONS / name for name in ("@jupyter-widgets/jupyterlab-manager", "anywidget", KERNEL)]
OURS = ROOT / "deploy" / "lab" / "labextensions" / "mlwf-run-at-opening"
#: Of what the lab needs elsewhere, that which only serves it.
SERVERS = {"jupyterlab", "notebook"}
#: Of the kernel's two stand-ins for a package with only JavaScript, that for ipywidgets 7.
LEFT_OUT = "widgetsnbextension-3"
INTERPRETER = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
RUNTIME = Path("static", "pyodide")
WHEELS = Path("pypi")
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same site from the same sources, whenever it is built
EPOCH = "315532800"


def stop(message: str) -> NoReturn:
    sys.exit(f"site: {message}")


def say(message: str) -> None:
    print(f"site: {message}", flush=True)


# -- Python packages


class Packages:
    """What the browser's Python needs: Pyodide's packages, the kernel's own wheels, and what is installed here.

    Attributes
    ----------
    lock : dict
        Pyodide's lock file, with those of its packages that had to be compiled.
    needs : dict
        For each package by its normal name, the names of those that it needs.
    """

    def __init__(self, lock: Dict) -> None:
        self.lock = lock
        python = lock["info"]["python"]
        self.browser = {
            **default_environment(),
            "python_version": python.rpartition(".")[0],
            "python_full_version": python,
            "os_name": "posix",
            "sys_platform": "emscripten",
            "platform_system": "Emscripten",
            "platform_machine": "wasm32",
        }
        kernels = sorted((EXTENSIONS / KERNEL / "static" / "pypi").glob("*.whl"))
        self.kernels = {
            canonicalize_name(wheel.name.split("-")[0]): wheel
            for wheel in kernels
            if not wheel.name.startswith(LEFT_OUT)
        }
        self.needs: Dict[str, List[str]] = {}

    def gather(self, name: str, extra: str = "", but: frozenset = frozenset()) -> None:
        """Find out what a package needs, and what that needs."""
        wanted = [
            requirement
            for requirement in map(Requirement, self._requires(name))
            if requirement.marker is None or requirement.marker.evaluate({**self.browser, "extra": extra})
        ]
        wanted = [requirement for requirement in wanted if requirement.name not in but]
        self.needs[name] = sorted({canonicalize_name(requirement.name) for requirement in wanted})
        for requirement in wanted:
            self._check(requirement, name)
        for needed in self.needs[name]:
            if needed not in self.needs:
                self.gather(needed)

    def _requires(self, name: str) -> List[str]:
        if name in self.kernels:
            with zipfile.ZipFile(self.kernels[name]) as wheel:
                (metadata,) = (file for file in wheel.namelist() if file.endswith(".dist-info/METADATA"))
                return email.message_from_bytes(wheel.read(metadata)).get_all("Requires-Dist", [])
        if name in self.lock["packages"] and self.lock["packages"][name]["file_name"].endswith("-any.whl"):
            return []  # with Pyodide, what it needs is in it
        try:
            return importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            stop(f"{name} is not installed here. Remove .venv-site and try again")

    def _check(self, requirement: Requirement, by: str) -> None:
        """Pyodide's versions are its own: do they do?"""
        theirs = self.lock["packages"].get(canonicalize_name(requirement.name))
        if theirs and not requirement.specifier.contains(theirs["version"], prereleases=True):
            stop(f"{by} needs {requirement}, and Pyodide {PYODIDE_VERSION} has {theirs['version']}")

    def make_wheels(self, folder: Path) -> Dict[str, Path]:
        """Make a wheel of each package that is neither Pyodide's nor the kernel's, and return all that are there then."""
        wheels = {"mlwf": folder / buildapi.build_wheel(str(folder))}
        wheels["mlwf"].chmod(0o644)  # for whomever a web server runs as
        for name in self.needs:
            if name not in wheels and name not in self.lock["packages"] and name not in self.kernels:
                wheels[name] = pack(importlib.metadata.distribution(name), folder)
        return wheels


def pack(package: importlib.metadata.Distribution, folder: Path) -> Path:
    """Make a wheel of an installed package, without what was compiled for this machine.

    Each package here that has compiled parts can do without them; Pyodide has those that can't.
    """
    files, info = {}, ""
    for file in package.files or ():
        if file.parts[0].endswith(".dist-info"):
            info = file.parts[0]
            if file.name not in ("METADATA", "entry_points.txt") and "licenses" not in file.parts:
                continue
        if ".." in file.parts or "__pycache__" in file.parts or file.suffix in (".so", ".pyd", ".pyc"):
            continue
        files[file.as_posix()] = Path(str(file.locate())).read_bytes()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: mlwf\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    listed = [f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in sorted(files.items())]
    files[f"{info}/RECORD"] = "".join([*listed, f"{info}/RECORD,,\n"]).encode()
    path = folder / f"{info[: -len('.dist-info')]}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in sorted(files.items()):
            wheel.writestr(zipfile.ZipInfo(name, LONG_AGO), data, zipfile.ZIP_DEFLATED)
    return path


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def entry(name: str, wheel: Path, address: str, needs: List[str]) -> Dict:
    """Describe a wheel as Pyodide's lock file does."""
    with zipfile.ZipFile(wheel) as inside:
        modules = {file.split("/")[0] for file in inside.namelist() if file.endswith(".py")}
    return {
        "name": name,
        "version": wheel.name.split("-")[1],
        "file_name": address,
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "install_dir": "site",
        "package_type": "package",
        "imports": sorted(re.sub(r"\.py$", "", module) for module in modules),
        "depends": needs,
        "unvendored_tests": False,
    }


# -- Pyodide itself


def carry(runtime: Path, lock: Dict, folder: Path) -> None:
    """Copy Pyodide's interpreter, and its packages that are needed, into the site."""
    folder.mkdir(parents=True)
    for name in INTERPRETER:
        take(runtime, name, folder)
    found = json.loads((runtime / "package.json").read_text())["version"] if (runtime / "package.json").exists() else ""
    if found not in ("", PYODIDE_VERSION):
        stop(f"{runtime} has Pyodide {found}; the kernel needs {PYODIDE_VERSION}")
    for package in lock["packages"].values():
        taken = take(runtime, package["file_name"], folder)
        if hashlib.sha256(taken.read_bytes()).hexdigest() != package["sha256"]:
            stop(f"{runtime / taken.name} is not the file of Pyodide {PYODIDE_VERSION}: its SHA-256 is another one")


def take(runtime: Path, name: str, folder: Path) -> Path:
    try:
        return Path(shutil.copyfile(str(runtime / name), str(folder / name)))
    except OSError as error:
        stop(
            f"{runtime / name} can't be read ({error.strerror}). RUNTIME must be a folder with the files of Pyodide "
            f"{PYODIDE_VERSION} (docs/site.md)"
        )


# -- The site


def build(site: Path, runtime: Optional[Path]) -> None:
    """Build the site in `site`, whose folder must be there."""
    lock = json.loads((PARTS / "pyodide-lock.json").read_text())
    packages = Packages(lock)
    packages.gather("mlwf", "lab", frozenset(SERVERS))
    for name in [*packages.kernels, "micropip"]:
        if name not in packages.needs:
            packages.gather(name)

    with tempfile.TemporaryDirectory() as work:
        source = Path(work) / "source"
        shutil.copytree(str(PARTS), str(source))
        (source / "pyodide-lock.json").unlink()
        if runtime:
            carry(runtime, lock, source / RUNTIME)
        else:
            for package in lock["packages"].values():
                package["file_name"] = f"{PYODIDE_CDN_URL}/{package['file_name']}"
        (source / "files").mkdir()
        shutil.copy(str(ROOT / NOTEBOOK), str(source / "files"))
        (source / WHEELS).mkdir()
        wheels = packages.make_wheels(source / WHEELS)
        run_jupyterlite(source, site, Path(work) / "log")

    up = Path(*[".."] * len(RUNTIME.parts))
    for name, needs in packages.needs.items():
        if name in lock["packages"]:
            lock["packages"][name]["depends"] = needs
        elif name in packages.kernels:
            wheel = packages.kernels[name]
            there = up / "extensions" / KERNEL / "static" / "pypi" / wheel.name
            lock["packages"][name] = entry(name, wheel, there.as_posix(), needs)
        else:
            wheel = site / WHEELS / wheels[name].name
            lock["packages"][name] = entry(name, wheel, (up / WHEELS / wheel.name).as_posix(), needs)
    (site / RUNTIME).mkdir(parents=True, exist_ok=True)
    (site / RUNTIME / "pyodide-lock.json").write_text(json.dumps(lock, indent=1, sort_keys=True) + "\n")


def run_jupyterlite(source: Path, site: Path, log: Path) -> None:
    config = {
        "LiteBuildConfig": {
            "apps": ["lab"],
            "federated_extensions": [str(folder) for folder in (*SHOWN, OURS)],
            "ignore_sys_prefix": ["federated_extensions", "translation", "icons"],
            "no_sourcemaps": True,
            "no_unused_shared_packages": True,
            "output_dir": str(site),
        }
    }
    (source / "jupyter_lite_config.json").write_text(json.dumps(config))
    # Nobody's settings but these.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    environment["JUPYTER_CONFIG_DIR"] = str(source)
    with log.open("w") as out:
        command = [sys.executable, "-m", "jupyterlite_core", "build"]
        done = subprocess.run(command, cwd=str(source), env=environment, stdout=out, stderr=subprocess.STDOUT)
    if done.returncode:
        stop(f"JupyterLite could not be built: {' '.join(log.read_text().split())[-600:]}")


def main() -> None:
    target = Path(os.environ.get("SITE") or ROOT / "dist" / "site").absolute()
    runtime = Path(os.environ["RUNTIME"]).absolute() if os.environ.get("RUNTIME") else None
    if (
        target.exists()
        and not (target / "jupyter-lite.json").is_file()
        and not (target.is_dir() and not any(target.iterdir()))
    ):
        stop(f"{target} holds something else; choose another folder: make site SITE=…")
    os.environ["SOURCE_DATE_EPOCH"] = EPOCH
    os.chdir(str(ROOT))
    say("building JupyterLite with the lab; this takes some seconds")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=str(target.parent)) as beside:
            new, old = Path(beside) / "new", Path(beside) / "old"
            build(new, runtime)
            new.chmod(0o755)
            if target.exists():
                target.rename(old)
            new.rename(target)
    except OSError as error:
        stop(f"{target} can't be written: {error.strerror} ({error.filename})")
    except KeyboardInterrupt:
        stop("interrupted; nothing was changed")
    files = [path for path in target.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    shown = os.path.relpath(str(target))
    say(
        f"{shown} is ready: {len(files)} files, {size / 1e6:.1f} MB. Publish it as it is, on any web server and in any folder."
    )
    say(
        "Python comes with it."
        if runtime
        else f"Its readers' browsers get Python from {PYODIDE_CDN_URL.split('/')[2]}."
    )
    say(f"To look at it here: python3 -m http.server --bind 127.0.0.1 --directory {shown}")


if __name__ == "__main__":
    main()
