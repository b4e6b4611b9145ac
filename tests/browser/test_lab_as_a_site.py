"""The lab as a site without a server, as `make site` builds it: in a folder of a plain web server, with Python in the browser.

Pyodide comes from elsewhere: its interpreter from its own package for Node, the compiled packages from a Python package that
carries them along. All of them are what Pyodide's lock file says, by their SHA-256, so that it makes no difference to its own server.
"""

import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, BrowserContext, expect
from student import Student

from mlwf import __version__, model

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "constraint_tax.ipynb"
PARTS = ROOT / "deploy" / "site"
LOCK = json.loads((PARTS / "pyodide-lock.json").read_text())
ENVIRONMENT = ROOT / ".venv-site"
INTERPRETER = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
PYODIDE = "314.0.4"
CARRIER = "open-webui==0.12.4"
REGISTRIES = re.compile(r"https?://(?:registry|files|pypi|conda|deb|packages)[.\-]")


def build(site: Path, **options: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SITE": str(site), **options}
    return subprocess.run(
        ["make", "-s", "-C", ROOT, "site"], env=environment, capture_output=True, text=True, check=False
    )


def digests(folder: Path) -> dict[str, str]:
    """All that is in a folder, by path."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """What `make site` builds, in a folder below a server's root."""
    site = tmp_path_factory.mktemp("www") / "courses" / "mlwf"
    done = build(site)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return site


@pytest.fixture(scope="module")
def pyodide(tmp_path_factory) -> Path:
    """A folder with Pyodide's files, kept beside the environment that builds the site."""
    folder = ENVIRONMENT / f"pyodide-{PYODIDE}"
    if not folder.exists():
        new = tmp_path_factory.mktemp("pyodide")
        fetch([shutil.which("npm") or "npm", "pack", "--silent", f"pyodide@{PYODIDE}"], new)
        with tarfile.open(new / f"pyodide-{PYODIDE}.tgz") as archive:
            for name in (*INTERPRETER, "package.json", "pyodide-lock.json"):
                (new / name).write_bytes(archive.extractfile(f"package/{name}").read())
        download = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--disable-pip-version-check"]
        fetch([*download, "--python-version", "3.12", CARRIER], new)
        with zipfile.ZipFile(next(new.glob("*.whl"))) as carrier:
            names = {Path(name).name: name for name in carrier.namelist() if "/pyodide/" in name}
            for package in LOCK["packages"].values():
                (new / package["file_name"]).write_bytes(carrier.read(names[package["file_name"]]))
        for path in (*new.glob("*.tgz"), *new.glob("open_webui*.whl")):
            path.unlink()
        whole = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(whole, ignore_errors=True)
        shutil.copytree(new, whole)
        whole.rename(folder)
    return folder


def fetch(command: list[str], folder: Path) -> None:
    try:
        subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        why = f"Pyodide can't be had: {getattr(error, 'stderr', '') or error}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(why)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args) -> None:
        pass


def serve(site: Path) -> Iterator[str]:
    """Show a site, below the root of a web server that knows nothing but files; yield its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site.parents[1])) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{site.relative_to(site.parents[1]).as_posix()}/"
        server.shutdown()


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """The site's address."""
    yield from serve(site)


@pytest.fixture(scope="module")
def carried(pyodide: Path, tmp_path_factory) -> Path:
    """A site that carries Pyodide."""
    site = tmp_path_factory.mktemp("www") / "x" / "y"
    done = build(site, RUNTIME=str(pyodide))
    assert done.returncode == 0, done.stderr
    return site


class Reader(Student):
    """Somebody at the site, whose browser finds Pyodide's server and nothing else in the network."""

    def __init__(self, context: BrowserContext, pyodide: Path) -> None:
        self.asked: list[str] = []

        def answer(route) -> None:
            address = route.request.url
            self.asked.append(address)
            file = pyodide / address.rpartition("/")[2]
            if f"/v{PYODIDE}/full/" in address and file.is_file():
                route.fulfill(path=file, headers={"Access-Control-Allow-Origin": "*"})
            else:
                route.abort()

        context.route(re.compile("^https:"), answer)
        page = context.new_page()
        page.set_default_timeout(30_000)
        super().__init__(page)


@pytest.fixture(scope="module")
def reader(browser: Browser, address: str, pyodide: Path) -> Iterator[Reader]:
    """A reader who has opened the site and run all cells."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    reader = Reader(context, pyodide)
    reader.open_in_jupyterlab(address)
    yield reader
    context.close()


def test_the_site_is_whole(site: Path):
    """Is the notebook ours to the byte, and are mlwf and all that it needs there, as the index and the lock file say?"""
    assert (site / "files" / NOTEBOOK.name).read_bytes() == NOTEBOOK.read_bytes()
    index = json.loads((site / "pypi" / "all.json").read_text())
    (release,) = index["mlwf"]["releases"][__version__]
    wheel = site / "pypi" / release["filename"]
    assert release["digests"]["sha256"] == hashlib.sha256(wheel.read_bytes()).hexdigest()
    with zipfile.ZipFile(wheel) as inside:
        ours = {name for name in inside.namelist() if name.startswith("mlwf/")}
        assert inside.read("mlwf/instruments/style.css") == (ROOT / "mlwf/instruments/style.css").read_bytes()
    assert {f"mlwf/{path.relative_to(ROOT / 'mlwf').as_posix()}" for path in (ROOT / "mlwf").rglob("*.py")} <= ours
    lock = json.loads((site / "static" / "pyodide" / "pyodide-lock.json").read_text())["packages"]
    assert {"ipywidgets", "anywidget", "filelock", "jinja2", "traitlets", "matplotlib"} <= {*lock["mlwf"]["depends"]}
    assert {needed for package in lock.values() for needed in package["depends"]} <= {*lock}
    pins = dict(line.lower().split("==") for line in (ROOT / "constraints.txt").read_text().split())
    for name, package in lock.items():
        file = (site / "static" / "pyodide" / package["file_name"]).resolve()
        if name in LOCK["packages"]:
            assert {**package, "depends": []} == {
                **LOCK["packages"][name],
                "depends": [],
                "file_name": package["file_name"],
            }
            assert package["file_name"].endswith(f"/v{PYODIDE}/full/{LOCK['packages'][name]['file_name']}")
        else:
            assert package["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest(), name
        if file.parent == site / "pypi" and name != "mlwf":
            assert pins.get(name) == package["version"] or pins[name.replace("-", "_")] == package["version"]


def test_the_site_asks_no_registry_and_shows_what_it_should(site: Path):
    """Are registries switched off and in none of our files, and are the widgets' extensions there, but none of a server's?"""
    config = json.loads((site / "jupyter-lite.json").read_text())["jupyter-config-data"]
    kernel = config["litePluginSettings"]["@jupyterlite/pyodide-kernel-extension:kernel"]
    assert kernel["disablePyPIFallback"] is True
    assert {extension["name"] for extension in config["federated_extensions"]} == {
        "@jupyter-widgets/jupyterlab-manager",
        "@jupyterlite/pyodide-kernel-extension",
        "anywidget",
        "mlwf-run-at-opening",
    }
    ours = [*site.glob("*.json"), *site.glob("static/**/*.json"), *site.glob("files/*"), *site.glob("pypi/*.json")]
    assert len(ours) >= 5
    assert [path for path in ours if REGISTRIES.search(path.read_text())] == []
    assert [name for name in digests(site) if name.endswith((".map", ".pyc"))] == []


def test_a_second_site_is_the_same_and_one_that_fails_changes_nothing(site: Path, tmp_path: Path):
    """Does the same come out again without a network, in place of the old, and is that left alone if none can be built?"""
    before = digests(site)
    (site / "stray").write_text("of an earlier version")
    nowhere = "http://127.0.0.1:9/"
    assert build(site, HTTP_PROXY=nowhere, HTTPS_PROXY=nowhere, PIP_INDEX_URL=nowhere).returncode == 0
    assert digests(site) == before
    for options, said in (
        (
            {"RUNTIME": str(tmp_path)},
            r"^site: \S+pyodide.mjs can't be read \(No such file or directory\)\. RUNTIME must be ",
        ),
        ({"SITE": str(tmp_path.parent)}, r"^site: \S+ holds something else; choose another folder: make site SITE=…$"),
        ({"SITE": str(NOTEBOOK / "site")}, r"^site: \S+ can't be written: File exists"),
    ):
        done = build(site, **options)
        assert done.returncode
        (line,) = [line for line in done.stderr.splitlines() if not line.startswith("make")]
        assert re.search(said, line)
    assert digests(site) == before
    assert [path.name for path in site.parent.iterdir()] == [site.name]


def test_a_site_can_carry_pyodide(carried: Path, pyodide: Path, tmp_path: Path):
    """Is all of Pyodide that is needed taken along, and a file that is not Pyodide's refused?"""
    there = carried / "static" / "pyodide"
    for package in json.loads((there / "pyodide-lock.json").read_text())["packages"].values():
        file = there / package["file_name"]
        assert hashlib.sha256(file.read_bytes()).hexdigest() == package["sha256"]
    assert all((there / name).read_bytes() == (pyodide / name).read_bytes() for name in INTERPRETER)
    before = digests(carried)
    shutil.copytree(pyodide, tmp_path / "other")
    numpy = tmp_path / "other" / LOCK["packages"]["numpy"]["file_name"]
    numpy.write_bytes(numpy.read_bytes() + b" ")
    done = build(carried, RUNTIME=str(tmp_path / "other"))
    assert done.returncode
    assert f"{numpy} is not the file of Pyodide {PYODIDE}" in done.stderr
    assert digests(carried) == before


def test_what_we_know_of_pyodide_is_what_it_says(pyodide: Path):
    """Are our versions and hashes those in the lock file that Pyodide publishes?"""
    theirs = json.loads((pyodide / "pyodide-lock.json").read_text())
    assert LOCK["info"] == theirs["info"]
    assert {name: theirs["packages"][name] for name in LOCK["packages"]} == LOCK["packages"]


def test_the_lab_runs_in_the_browser(reader: Reader):
    """Does the first address lead to the lab, without a warning, and does a slider move its picture and its numbers?"""
    page = reader.page
    assert (
        page.locator(".jp-RenderedText[data-mime-type*=stderr], .jp-RenderedText[data-mime-type*=error]").count() == 0
    )
    reader.answer_all("cost")
    timeline = reader.instrument("Timeline of the project")
    for _ in range(4):
        timeline.move("Stage of discovery")
    expect(timeline.place.locator(".mlwf-card").first).to_contain_text(f"{model.cost_multiplier(5)}×")
    expect(timeline.picture).to_have_js_property("naturalWidth", 800)


def test_what_can_wait_is_done_without_threads(reader: Reader):
    """Does the status bar, which follows once a hand rests, follow there too?"""
    reader.answer_all("failure", "strategy", "crossing")
    reader.instrument("Race of the two models").move("Decay of the gain (r)")
    found = model.crossover(model.small_strategy(1, 0.99), model.large_strategy(168, 0.99), 26)
    expect(reader.status("Crossover")).to_have_text(f"week {found.week}")


def test_python_in_the_browser_computes_what_python_here_does(reader: Reader):
    """Do the notebook's last cells say the same numbers as this Python?"""
    small, large = model.small_strategy(4, decay=1), model.large_strategy(24, decay=1)
    expected = (
        [(stage.name, stage.days) for stage in model.STAGES],
        model.crossover(small, large, weeks=8).in_words(),
        {cycle: model.wh_per_day(5, cycle, session_hours=0.5) for cycle in (48, 168)},
    )
    said = reader.page.locator(".jp-OutputArea-output[data-mime-type='text/plain']").all_text_contents()
    assert tuple(map(ast.literal_eval, said[-3:])) == expected


def test_only_pyodide_came_from_elsewhere(reader: Reader):
    """Did the browser ask for Pyodide's interpreter and compiled packages, and for nothing else, outside of the site?"""
    names = {*INTERPRETER, *(package["file_name"] for package in LOCK["packages"].values())}
    assert {address.rpartition("/")[2] for address in reader.asked} == names
    assert len({address.rpartition("/")[0] for address in reader.asked}) == 1


def test_a_link_leads_somebody_in_the_dark_without_a_mouse_to_its_settings(
    carried: Path, browser: Browser, pyodide: Path
):
    """Does a link to the notebook with settings open it so, dark as the reader's screen, with nothing asked of anybody?"""
    context = browser.new_context(viewport={"width": 800, "height": 900}, color_scheme="dark")
    reader = Reader(context, pyodide)
    reader.keyboard = True
    for address in serve(carried):
        reader.open_in_jupyterlab(f"{address}lab/index.html?path={NOTEBOOK.name}&stage=5")
        expect(reader.page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
        reader.page.locator(".jp-Notebook").first.focus()
        reader.answer_all("cost")
        timeline = reader.instrument("Timeline of the project")
        assert timeline.value("Stage of discovery") == "5"
        timeline.move("Stage of discovery")
        assert timeline.value("Stage of discovery") == "6"
    assert reader.asked == []
    context.close()
