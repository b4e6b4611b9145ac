"""A hub as `make hub` makes it, and the people who use it: by browser, and by command line as the system users they are."""

import json
import os
import pwd
import re
import signal
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, suppress
from http.client import HTTPConnection
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPSHandler, ProxyHandler, build_opener

import nbformat
from playwright.sync_api import Browser, Locator, Page, Route, expect
from student import answered

from mlwf.assignment.notebook import solutions

ROOT = Path(__file__).parents[2]
COURSE, ASSIGNMENT = "constraint_tax_course", "constraint_tax"
NOTEBOOK = f"{COURSE}/{ASSIGNMENT}/{ASSIGNMENT}.ipynb"
SLOW_MS = 120_000


class Hub:
    """What `make hub` starts in `state`.

    Parameters
    ----------
    state : Path
        The folder for everything.
    instructor, grader : str
    students : sequence of str
    more : str
        Further options of `make hub`.
    """

    def __init__(self, state: Path, instructor: str, grader: str, students: list[str], **more: str) -> None:
        self.state, self.instructor, self.grader, self.students = state, instructor, grader, students
        self.options = {"STATE": str(state), "INSTRUCTOR": instructor, "GRADER": grader} | more
        self.options["STUDENTS"] = " ".join(students)
        self.log = state.with_name(f"{state.name}.log")
        self.process: subprocess.Popen[bytes] | None = None
        self.url = ""

    @property
    def system_users(self) -> bool:
        return os.geteuid() == 0

    @property
    def over_ngshare(self) -> bool:
        return self.options.get("EXCHANGE") == "ngshare"

    @property
    def everybody(self) -> list[str]:
        accounts = [self.grader, f"{self.grader}-ngshare"] if self.over_ngshare else [self.grader]
        return [*accounts, self.instructor, *self.students]

    def make(self, target: str) -> list[str]:
        return ["nice", "make", "-C", str(ROOT), target, *(f"{name}={what}" for name, what in self.options.items())]

    def start(self) -> str:
        """Start it as a person does, and return what is said until it runs."""
        self.begin()
        return self.wait()

    def begin(self) -> None:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.make("hub"), stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def wait(self) -> str:
        assert self.process is not None
        deadline = time.monotonic() + 1200
        while "Ctrl-C ends it" not in (said := self.log.read_text()):
            assert self.process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.5)
        found = re.search(r"^ +(https?://\S+)/$", said, flags=re.MULTILINE)
        assert found, said
        self.url = found.group(1)
        return said

    def stop(self) -> str:
        """Press Ctrl-C where it was started, and return what is said then."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
            self.process.wait(90)
        return self.log.read_text()

    def remove(self, answer: str = "remove") -> subprocess.CompletedProcess[str]:
        """Do as `make hub-remove` asks."""
        return subprocess.run(
            self.make("hub-remove"), input=f"{answer}\n", capture_output=True, text=True, check=False, timeout=600
        )

    def clear_away(self) -> None:
        """Leave nothing behind, whatever has happened before."""
        self.stop()
        if self.state.exists():
            said = self.remove()
            assert not self.state.exists(), said.stdout + said.stderr
        self.log.unlink(missing_ok=True)

    def password(self, name: str) -> str:
        lines = (self.state / "hub" / "passwords").read_text().splitlines()
        return dict(line.split() for line in lines)[name]

    def home(self, name: str) -> Path:
        return self.state / "home" / name

    # As the system users

    def run(
        self, name: str, *command: str, folder: Path | None = None, stdin: str = "", **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as somebody who has logged in on this machine."""
        # In the hub's environment by its PATH; JUPYTERHUB_USER matters where all are one system user.
        environment = {
            "PATH": f"{self.state / 'env' / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.home(name)),
            "USER": name,
            "JUPYTERHUB_USER": name,
            "LANG": "C.UTF-8",
        }
        who = {}
        if self.system_users:
            entry = pwd.getpwnam(name)
            who = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            del environment["JUPYTERHUB_USER"]
        return subprocess.run(
            command,
            cwd=folder or self.home(name),
            env=environment | more,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            **who,
        )

    def succeed(self, name: str, *command: str, **more) -> str:
        done = self.run(name, *command, **more)
        assert done.returncode == 0, f"{name}: {command}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def nbgrader(self, name: str, *command: str) -> str:
        """Run nbgrader's command as a student in their home, or as the grader in the course."""
        if name == self.grader:
            return self.grade("nbgrader", *command)
        surroundings = self.surroundings(name) if self.over_ngshare else {}
        return self.succeed(name, "nbgrader", *command, "--course", COURSE, **surroundings)

    def grade(self, *command: str) -> str:
        """Run a command as the grader in the course."""
        surroundings = self.surroundings(self.grader) if self.over_ngshare else {}
        surroundings |= {"JUPYTER_CONFIG_PATH": str(self.state / "config" / "grader")}
        return self.succeed(self.grader, *command, folder=self.state / "course", **surroundings)

    def surroundings(self, name: str) -> dict[str, str]:
        """What a terminal in somebody's JupyterLab, or in the course's, has for an environment; ngshare knows people by it."""
        wanted = {"JUPYTERHUB_SERVICE_PREFIX": f"/services/{COURSE}/" if name == self.grader else f"/user/{name}/"}
        deadline = time.monotonic() + SLOW_MS / 1000
        asked = name == self.grader
        while time.monotonic() < deadline:
            for environment in self._servers():
                if wanted.items() <= environment.items():
                    return environment
            if not asked:
                self._log_in(name)
                asked = True
            time.sleep(0.2)
        raise AssertionError(f"{name} has no server: {self.log.read_text()}")

    def ask_ngshare(self, token: str, method: str, path: str, **form: str) -> tuple[int, dict]:
        """Ask ngshare something as whoever has this token, and return its status and what it says."""
        address = urlsplit(self.surroundings(self.grader)["NGSHARE_URL"])
        server = HTTPConnection(address.netloc, timeout=60)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if token:
            headers["Authorization"] = f"token {token}"
        server.request(method, f"{address.path}/{path}", urlencode(form), headers)
        with closing(server), server.getresponse() as answer:
            said = answer.read().decode()
            return answer.status, json.loads(said) if said.startswith("{") else {}

    def _servers(self) -> Iterator[dict[str, str]]:
        program = f"^{self.state}/env/bin/python {self.state}/env/bin/jupyterhub-singleuser"
        found = subprocess.run(["pgrep", "-f", program], capture_output=True, text=True, check=False)
        for pid in found.stdout.split():
            with suppress(OSError):
                lines = Path("/proc", pid, "environ").read_text().split("\0")
                yield dict(line.split("=", 1) for line in lines if "=" in line)

    def _log_in(self, name: str) -> None:
        """Log in without a browser, upon which the hub starts the person's server."""
        cookies = CookieJar()
        trusting = HTTPSHandler(context=ssl._create_unverified_context())
        person = build_opener(ProxyHandler({}), HTTPCookieProcessor(cookies), trusting)
        person.open(f"{self.url}/hub/login").close()
        (xsrf,) = (cookie.value for cookie in cookies if cookie.name == "_xsrf")
        form = {"username": name, "password": self.password(name), "_xsrf": xsrf}
        person.open(f"{self.url}/hub/login?next=/hub/spawn", urlencode(form).encode()).close()

    def python(self, name: str, code: str) -> str:
        """Run some Python in the course's folder."""
        return self.succeed(name, "python", "-", folder=self.state / "course", stdin=code)

    def write_answers(self, name: str, answers: Mapping[str, str], start: str = "stub") -> None:
        """Do what a student does who works elsewhere and brings the notebook along: all from the solutions, or from what is there."""
        path = self.home(name) / NOTEBOOK
        notebook = nbformat.read(path, as_version=4)
        texts = dict(answers)
        if start == "solutions":
            source = ROOT / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
            texts = solutions(nbformat.read(source, as_version=4)) | texts
        for cell in notebook.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            if grade_id in texts:
                cell.source = texts[grade_id]
        # Into the file that is there, which stays its owner's.
        path.write_text(nbformat.writes(notebook), encoding="utf-8")

    def scores(self) -> dict[str, float]:
        """Marks in the gradebook by student."""
        code = (
            "import json\nfrom nbgrader.api import Gradebook\n"
            f"with Gradebook('sqlite:///gradebook.db', '{COURSE}') as book:\n"
            f"    print(json.dumps({{s.student.id: s.score for s in book.assignment_submissions('{ASSIGNMENT}')}}))"
        )
        return json.loads(self.python(self.grader, code))


class Member:
    """Somebody at a browser of their own.

    Parameters
    ----------
    hub : Hub
    name : str
    browser : Browser
    """

    def __init__(self, hub: Hub, name: str, browser: Browser) -> None:
        self.hub, self.name = hub, name
        self.context = browser.new_context(viewport={"width": 1300, "height": 900}, ignore_https_errors=True)
        self.context.set_default_timeout(60_000)
        self.page = self.context.new_page()
        self.asked_elsewhere: list[str] = []
        # Whoever asks elsewhere gets no answer, as in a room without a network.
        self.context.route(lambda url: not url.startswith(hub.url), self._refuse)

    def _refuse(self, route: Route) -> None:
        self.asked_elsewhere.append(route.request.url)
        route.abort()

    def log_in(self, password: str | None = None) -> None:
        self.page.goto(f"{self.hub.url}/")
        self.page.fill("#username_input", self.name)
        self.page.fill("#password_input", password or self.hub.password(self.name))
        self.page.click("#login_submit")

    def wait_for_lab(self, page: Page | None = None) -> None:
        (page or self.page).wait_for_selector("#jp-main-dock-panel", timeout=SLOW_MS)

    def status(self, path: str) -> int:
        """The status with which the hub answers to this person's browser."""
        return self.context.request.get(f"{self.hub.url}{path}").status

    # JupyterLab

    def open(self, path: str) -> None:
        """Open a notebook, and wait for its kernel."""
        self.page.goto(f"{self.hub.url}/user/{self.name}/lab/tree/{path}?reset")
        self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        self.wait_for_lab()
        expect(self.page.locator("#jp-main-statusbar")).to_contain_text("| Idle", timeout=SLOW_MS)

    def menus(self, page: Page | None = None) -> list[str]:
        """What nbgrader's menu offers; empty if there is none."""
        page = page or self.page
        menu = page.locator(".lm-MenuBar-itemLabel:text-is('Nbgrader')")
        if menu.count() == 0:
            return []
        menu.click()
        offered = [label for label in page.locator(".lm-Menu-itemLabel").all_inner_texts() if label]
        page.keyboard.press("Escape")
        return offered

    def choose(self, menu: str, entry: str, page: Page | None = None) -> None:
        page = page or self.page
        page.click(f".lm-MenuBar-itemLabel:text-is('{menu}')")
        page.click(f".lm-Menu-itemLabel:text-is('{entry}')")

    def type_into(self, text: str, answer: str) -> None:
        """Replace what stands in the cell with this text."""
        cell = self.page.locator(".jp-Notebook .jp-Cell").filter(has_text=text).first
        self.page.locator(".jp-Notebook").hover()
        for _ in range(100):
            if cell.count() and cell.is_visible():
                break
            self.page.mouse.wheel(0, 400)  # JupyterLab draws only the cells that can be seen
            self.page.wait_for_timeout(100)
        cell.scroll_into_view_if_needed()
        if cell.locator(".jp-MarkdownOutput").is_visible():
            cell.locator(".jp-MarkdownOutput").dblclick()
        self.page.locator(".jp-Notebook .jp-Cell .cm-content").filter(has_text=text).first.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(answer)

    def save(self) -> None:
        self.page.keyboard.press("Control+s")
        expect(self.page.locator(".jp-mod-dirty")).to_have_count(0)

    def validate(self) -> Locator:
        """Press Validate, and return what it says."""
        self.page.locator(".jp-NotebookPanel-toolbar").get_by_text("Validate", exact=True).click()
        said = self.page.locator(".jp-Dialog")
        expect(said).to_contain_text(re.compile("Success|failed|changed|error"), timeout=SLOW_MS)
        return said

    # nbgrader's lists

    def list_assignments(self) -> None:
        """Open the Assignment List."""
        self.choose("Nbgrader", "Assignment List")
        expect(self.page.locator("#submitted_assignments_list")).to_be_visible()

    def press(self, where: str, button: str) -> None:
        """Press a button in one of its three tables: released, fetched, submitted."""
        self.row(where).get_by_role("button", name=button, exact=True).click()

    def row(self, where: str) -> Locator:
        return self.page.locator(f"#{where}_assignments_list .list_item", has_text=COURSE).first

    # Formgrader

    def open_formgrader(self) -> "Formgrader":
        """Go there by the Course List."""
        self.choose("Nbgrader", "Course List")
        with self.context.expect_page() as opened:
            self.page.get_by_role("link", name=COURSE).click()
        self.wait_for_lab(opened.value)
        return Formgrader(opened.value)


class Formgrader:
    """Formgrader, in a tab of JupyterLab's.

    Parameters
    ----------
    page : Page
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.frame = page.frame_locator("iframe[src*=formgrader]")

    def click(self, row: str, column: str) -> None:
        """Click what stands in a row, found by the text of one of its cells, and a column; and wait until it is done."""
        self.frame.locator(f"#main-table tr:has(:text-is('{row}')) td.{column} a").click()
        modal = self.frame.locator(".modal.in")
        modal.wait_for(timeout=SLOW_MS)
        assert modal.get_attribute("id") == "success-modal", modal.inner_text()
        modal.get_by_role("button", name="OK").click()
        modal.wait_for(state="detached")
        self.frame.locator(".modal-backdrop").wait_for(state="detached")

    def home(self) -> None:
        """Go to Manage Assignments; a submission's page has no link to it."""
        here = f"/services/{COURSE}/formgrader/manage_assignments"
        # The page that was there may look the same; what is clicked in it now would be lost.
        with self._asked("GET", "/formgrader/api/assignments"):
            self.page.locator("iframe[src*=formgrader]").evaluate(
                "(frame, here) => {frame.contentWindow.location = here}", here
            )
        self.frame.locator("td.num-submissions").first.wait_for()

    def follow(self, *links: str) -> None:
        for link in links:
            self.frame.get_by_role("link", name=link, exact=True).last.click()

    def read_memo(self, number: int, points: str, comment: str) -> None:
        """Open a submission by its number, and give the memo in it a mark and a comment."""
        # Each page has a link of that name, which must not be clicked before the next is there.
        with self._asked("GET", "/formgrader/api/assignments"):
            self.follow("Manual Grading")
        with self._asked("GET", "/formgrader/api/notebooks/"):
            self.follow(ASSIGNMENT)
        # What comes late would take the place of what is typed.
        with self._asked("GET", "/api/grades?"), self._asked("GET", "/api/comments?"):
            self.follow(ASSIGNMENT, f"Submission #{number}")
        for place, kept, what in (("input#memo.score", "grade", points), ("textarea#memo-comment", "comment", comment)):
            box = self.frame.locator(place)
            box.scroll_into_view_if_needed()
            with self._asked("PUT", f"/api/{kept}/"):
                box.fill(what)
                box.press("Tab")

    def _asked(self, method: str, path: str) -> AbstractContextManager[object]:
        """Wait until the page has asked the server for something, and has its answer."""
        return answered(self.page, method, path, SLOW_MS)
