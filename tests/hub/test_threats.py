"""What docs/threats.md says, tried on a hub as `make hub` makes it: each test plays somebody who wants more than is theirs."""

import http.server
import json
import os
import pwd
import re
import shutil
import subprocess
import threading
import time
from functools import partial
from pathlib import Path

import nbformat
import nbformat.v4 as nbf
import pytest
from people import ASSIGNMENT, COURSE, NOTEBOOK, ROOT, Hub
from scripted import CANARY, asks, calls, tag

from mlwf.assignment.notebook import solutions

pytestmark = [pytest.mark.hub, pytest.mark.course, pytest.mark.browser, pytest.mark.timeout(900)]
system_users_only = pytest.mark.skipif(os.geteuid() != 0, reason="without root all are one system user")
SERVICE = f"/services/{COURSE}"
LATER = "2098-01-01 00:00:00.000000 UTC"
# Asks, from within a page, as the page's own scripts would: with its cookies, and the token against forged requests.
FETCH = """async ([method, path]) => {
    const xsrf = (document.cookie.match(/_xsrf=([^;]+)/) || [])[1] || "";
    return (await fetch(path, {method, headers: {"X-XSRFToken": xsrf}})).status
}"""


@pytest.fixture(scope="module")
def inbound(hub: Hub) -> Path:
    """Where submissions lie, two of them at least: the assignment is released, and two students have handed in."""
    if not (hub.state / "exchange" / COURSE / "outbound" / ASSIGNMENT).exists():
        hub.nbgrader(hub.grader, "generate_assignment", ASSIGNMENT, "--force")
        hub.nbgrader(hub.grader, "release_assignment", ASSIGNMENT)
    folder = hub.state / "exchange" / COURSE / "inbound"
    for student in hub.students[:2]:
        if not (hub.home(student) / NOTEBOOK).exists():
            hub.nbgrader(student, "fetch_assignment", ASSIGNMENT)
        if not of(folder, student):
            hub.nbgrader(student, "submit", ASSIGNMENT)
    return folder


def of(inbound: Path, student: str) -> list[Path]:
    """What a student has put into `inbound`, by name and oldest first."""
    own = pwd.getpwnam(student).pw_uid if os.geteuid() == 0 else os.geteuid()
    found = [folder for folder in inbound.iterdir() if folder.name.startswith(f"{student}+")]
    return sorted(folder for folder in found if folder.lstat().st_uid == own)


def environment_of(user: str) -> dict[int, dict[str, str]]:
    """What somebody's processes are told, as only root and they can read it."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and entry.stat().st_uid == pwd.getpwnam(user).pw_uid:
                lines = (entry / "environ").read_text(errors="replace").split("\0")
                found[int(entry.name)] = dict(line.partition("=")[::2] for line in lines)
        except OSError:
            continue
    return found


def token_of(user: str) -> str:
    """The token with which somebody's server talks to the hub; its owner can read it."""
    return next(
        told["JUPYTERHUB_API_TOKEN"] for told in environment_of(user).values() if "JUPYTERHUB_API_TOKEN" in told
    )


# -- Student against student


@system_users_only
def test_other_peoples_processes_tell_nothing(hub, member):
    """Are tokens and passwords in no list of processes, and what processes are told closed to others?"""
    mallory, bob = (member(name) for name in hub.students[:2])
    for one in (mallory, bob):
        one.log_in()
        one.wait_for_lab()
    others = [*environment_of(bob.name), *environment_of(hub.grader), *environment_of("root")]
    script = "import sys\nfor pid in sys.argv[1:]:\n    try: print(pid, open(f'/proc/{pid}/environ').read())\n    except OSError: pass"
    assert hub.succeed(mallory.name, "python", "-c", script, *map(str, others)) == ""
    listed = hub.succeed(
        mallory.name,
        "python",
        "-c",
        "import glob\nfor n in glob.glob('/proc/[0-9]*/cmdline'):\n    try: print(open(n).read())\n    except OSError: pass",
    )
    secrets = {told[name] for user in (bob.name, hub.grader, "root") for told in environment_of(user).values()
               for name in ("JUPYTERHUB_API_TOKEN", "CONFIGPROXY_AUTH_TOKEN") if told.get(name)}  # fmt: skip
    secrets |= {hub.password(name) for name in (hub.instructor, *hub.students)}
    assert len(secrets) >= 7
    assert not [secret for secret in secrets if secret in listed]


LISTENS = """
import sys, time, zmq
shell, iopub, done = int(sys.argv[1]), int(sys.argv[2]), time.monotonic() + 6
heard, asks = zmq.Context.instance().socket(zmq.SUB), zmq.Context.instance().socket(zmq.DEALER)
heard.subscribe(b"")
heard.connect(f"tcp://127.0.0.1:{iopub}")
asks.connect(f"tcp://127.0.0.1:{shell}")
header = b'{"msg_id": "1", "msg_type": "execute_request", "username": "", "session": "1", "version": "5.3"}'
asks.send_multipart([b"<IDS|MSG>", b"", header, b"{}", b"{}", b'{"code": "import os; os.mkdir(str(os.getpid()))", "silent": false}'])
print("listening", flush=True)
while time.monotonic() < done:
    if heard.poll(200):
        print(heard.recv_multipart(), flush=True)
"""
RUNS = """
import sys
from jupyter_client import BlockingKernelClient
client = BlockingKernelClient()
client.load_connection_file(sys.argv[1])
client.start_channels()
client.wait_for_ready(timeout=60)
client.execute_interactive("print('for bob alone')", timeout=60)
"""


@system_users_only
def test_a_kernel_listens_to_its_owner_alone(hub, member):
    """Does who connects to another's kernel, by this machine's own ports, hear nothing and have nothing done?"""
    mallory, bob = hub.students[:2]
    one = member(bob)
    one.log_in()
    one.open(NOTEBOOK if (hub.home(bob) / NOTEBOOK).exists() else "lab/constraint_tax.ipynb")
    runtime = hub.home(bob) / ".local" / "share" / "jupyter" / "runtime"
    file = max(runtime.glob("kernel-*.json"), key=lambda file: file.stat().st_mtime)
    assert hub.run(mallory, "cat", str(file)).returncode != 0
    ports = json.loads(file.read_text())
    who = pwd.getpwnam(mallory)
    with subprocess.Popen(
        [str(hub.state / "env" / "bin" / "python"), "-c", LISTENS, str(ports["shell_port"]), str(ports["iopub_port"])],
        user=who.pw_uid, group=who.pw_gid, extra_groups=[], cwd="/", stdout=subprocess.PIPE, text=True,
    ) as listener:  # fmt: skip
        assert listener.stdout.readline() == "listening\n"
        time.sleep(1)
        assert "for bob alone" in hub.succeed(bob, "python", "-c", RUNS, str(file))
        heard = listener.stdout.read()
    assert heard == ""
    assert not [file for file in file.parents[4].rglob("*") if file.name.isdecimal() and file.is_dir()]


def test_neither_cookies_nor_tokens_open_what_is_anothers(hub, member):
    """Is a student refused at others' servers, the hub's own interface and the course, by browser, by token, and past the proxy?"""
    mallory, bob = (member(name) for name in hub.students[:2])
    for one in (bob, mallory):
        one.log_in()
        one.wait_for_lab()
    own, other = f"/user/{mallory.name}/api", f"/user/{bob.name}/api"
    asked = [
        ("GET", f"{other}/contents"), ("GET", f"{other}/kernels"), ("POST", f"{other}/kernels"), ("GET", f"{other}/terminals"),
        ("POST", f"{other}/contents"), ("GET", f"/user/{bob.name}/files/{NOTEBOOK}"), ("GET", f"/hub/api/users/{bob.name}"),
        ("GET", "/hub/api/users"), ("POST", f"/hub/api/users/{bob.name}/tokens"), ("DELETE", f"/hub/api/users/{bob.name}/server"),
        ("GET", "/hub/api/services"), ("POST", "/hub/api/shutdown"), ("GET", "/hub/api/proxy"),
        ("GET", f"{SERVICE}/api/contents/gradebook.db"), ("GET", f"{SERVICE}/formgrader/api/assignments"),
        ("POST", f"{SERVICE}/formgrader/api/assignment/{ASSIGNMENT}/collect"), ("PUT", f"{SERVICE}/formgrader/api/grade/1"),
        ("POST", f"{SERVICE}/api/kernels"), ("GET", f"{SERVICE}/files/source/{ASSIGNMENT}/{ASSIGNMENT}.ipynb"),
    ]  # fmt: skip
    assert mallory.page.evaluate(FETCH, ["GET", f"{own}/contents"]) == 200
    answers = {(method, path): mallory.page.evaluate(FETCH, [method, path]) for method, path in asked}
    allowed = {("GET", "/hub/api/services")}  # says which services one may see: none but those that anybody may
    assert {what: status for what, status in answers.items() if status not in (403, 404) and what not in allowed} == {}

    if not hub.system_users:
        return
    serving = json.loads((hub.state / "hub" / "serving.json").read_text())
    ports = {int(told["JUPYTERHUB_SERVICE_URL"].split(":")[2].split("/")[0]) for user in (bob.name, hub.grader)
             for told in environment_of(user).values() if "JUPYTERHUB_SERVICE_URL" in told}  # fmt: skip
    past = [
        f"http://127.0.0.1:{port}{path}" for port in ports for path in (f"{other}/contents", f"{SERVICE}/api/contents")
    ]
    past += [
        f"http://127.0.0.1:{serving['hub_port']}/hub/api/users/{bob.name}",
        f"http://127.0.0.1:{serving['proxy_port']}/api/routes",
    ]
    past += [f"{hub.url}{path}" for method, path in asked if method == "GET" and ("GET", path) not in allowed]
    script = """
import json, ssl, sys, urllib.error, urllib.request
for url in sys.argv[2:]:
    request = urllib.request.Request(url, headers={"Authorization": f"token {sys.argv[1]}"})
    try:
        urllib.request.build_opener(urllib.request.HTTPSHandler(context=ssl._create_unverified_context())).open(request, timeout=20)
        print("open", url)
    except urllib.error.HTTPError as error:
        print(error.code, url)
"""
    said = hub.succeed(mallory.name, "python", "-c", script, token_of(mallory.name), *past, f"{hub.url}{own}/contents")
    assert said.splitlines()[-1].startswith("open")
    assert [line for line in said.splitlines()[:-1] if not re.match("40[34] ", line)] == []


# -- Student against what is handed in


@system_users_only
def test_only_what_is_ones_own_is_collected(hub, inbound):
    """Does a submission in another's name, with links to what only the grader may read, or with an odd name, come to nothing?"""
    mallory, bob = hub.students[:2]
    secret = hub.state / "course" / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    genuine = (of(inbound, bob)[-1] / f"{ASSIGNMENT}.ipynb").read_bytes()
    planted = {
        "theirs": f"{bob}+{ASSIGNMENT}+{LATER}+x",
        "page": f"<img src=x onerror={calls('name')}>+{ASSIGNMENT}+{LATER}+x".replace("/", "\\"),
        "lines": f"a\nb+{ASSIGNMENT}+{LATER}+x",
        "option": f"--force+{ASSIGNMENT}+{LATER}+x",
        "long": f"{'a' * 180}+{ASSIGNMENT}+{LATER}+x",
        "letters": f"{bob}\u0301+{ASSIGNMENT}+{LATER}+x",
        "time": f"{mallory}+{ASSIGNMENT}+soon+x",
        "no-time": f"{mallory}+{ASSIGNMENT}+x",
    }
    hidden = f"..+{ASSIGNMENT}+{LATER}+x"  # nbgrader looks at no name with a dot first
    own, link = f"{mallory}+{ASSIGNMENT}+2020-01-01 00:00:00.000000 UTC+x", f"{mallory}+{ASSIGNMENT}+{LATER}+link"
    script = """
import json, os, sys
inbound, planted, own, link, notebook, secret, gradebook = json.load(sys.stdin)
os.umask(0)
for name in [*planted, own]:
    os.mkdir(f"{inbound}/{name}", 0o777)
    open(f"{inbound}/{name}/constraint_tax.ipynb", "w").write(notebook)
os.symlink(os.path.dirname(secret), f"{inbound}/{link}")
os.symlink(secret, f"{inbound}/{own}/notes.txt")
os.symlink(gradebook, f"{inbound}/{own}/gradebook.db")
os.symlink(os.path.dirname(secret), f"{inbound}/{own}/folder")
os.mkfifo(f"{inbound}/{own}/pipe")
"""
    notebook = nbformat.writes(nbf.new_notebook(cells=[nbf.new_markdown_cell("planted")]))
    told = json.dumps(
        [
            str(inbound),
            [*planted.values(), hidden],
            own,
            link,
            notebook,
            str(secret),
            str(hub.state / "course" / "gradebook.db"),
        ]
    )
    collected = hub.state / "course" / "submitted"
    try:
        hub.succeed(mallory, "python", "-c", script, stdin=told)
        hub.succeed(mallory, "nbgrader", "submit", ASSIGNMENT, "--course", COURSE, "--student", bob)
        said = hub.nbgrader(hub.grader, "collect", ASSIGNMENT, "--update")
        for name in (*planted.values(), link):
            assert repr(name)[:100] in said
        assert said.count("in the exchange is not collected") == len(planted) + 2
        assert said.count(f"it says that it is {bob}'s, and it is {mallory}'s") == 2
        assert {folder.name for folder in collected.iterdir()} <= set(hub.students)
        assert not (hub.state / "course" / ASSIGNMENT).exists()
        assert (collected / bob / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_bytes() == genuine
        assert not [
            file
            for file in (collected / mallory).rglob("*")
            if file.is_symlink() or file.name in ("notes.txt", "gradebook.db", "folder", "pipe")
        ]
        # With only the odd one: it is taken, without what it links to, and what it says of its time is doubted.
        for folder in of(inbound, mallory):
            if folder.name != own:
                shutil.rmtree(folder) if not folder.is_symlink() else folder.unlink()
        shutil.rmtree(collected / mallory, ignore_errors=True)
        said = hub.nbgrader(hub.grader, "collect", ASSIGNMENT, "--update")
        left = sorted(file.name for file in (collected / mallory / ASSIGNMENT).iterdir())
        assert left == [f"{ASSIGNMENT}.ipynb", "submission_secret.txt", "timestamp.txt"]
        assert all(
            f"'{name}' was left out: it is a {kind}" in said
            for name, kind in (("notes.txt", "link"), ("folder", "link"), ("pipe", "pipe"))
        )
        assert f"'{own}' says it was handed in at 2020-01-01 00:00 UTC, and was changed at" in said
    finally:
        for folder in inbound.iterdir():
            if folder.lstat().st_uid == pwd.getpwnam(mallory).pw_uid:
                shutil.rmtree(folder) if not folder.is_symlink() else folder.unlink()
        shutil.rmtree(collected / mallory, ignore_errors=True)


@system_users_only
def test_what_is_handed_in_is_out_of_reach(hub, inbound):
    """Can a student neither list, read by guess, change, take away nor replace what another has handed in?"""
    mallory, bob = hub.students[:2]
    folder = of(inbound, bob)[-1]
    guess = folder.name.rsplit("+", 1)[0]  # who and when; the rest are nine random bytes
    assert len(folder.name.rsplit("+", 1)[1]) == 12
    for command in (
        f"ls {inbound}", f"ls '{inbound}'/*", f"cat '{inbound}/{guess}'*/*", f"rm '{folder}/{ASSIGNMENT}.ipynb'", f"touch '{folder}/more'", f"mv '{folder}' '{folder}-'",
        f"echo > '{folder}/{ASSIGNMENT}.ipynb'", f"rmdir '{inbound}'", f"chmod 777 '{inbound}'",
    ):  # fmt: skip
        assert hub.run(mallory, "sh", "-c", command).returncode != 0, command
    assert (folder / f"{ASSIGNMENT}.ipynb").stat().st_size > 1000


# -- Solutions, hidden tests, feedback


def test_what_students_get_holds_no_solution(hub, inbound):
    """Is no solution in what is released and fetched, and is what the package itself can tell said to be so?"""
    source = nbformat.read(ROOT / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4)
    lines = {
        line.strip() for text in solutions(source).values() for line in text.splitlines() if len(line.strip()) > 20
    }
    given = nbformat.read(ROOT / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4)
    lines -= {line.strip() for cell in given.cells for line in cell.source.splitlines()}
    assert len(lines) > 10
    outbound = hub.state / "exchange" / COURSE / "outbound" / ASSIGNMENT
    files = [file for file in outbound.rglob("*") if file.is_file()]
    assert files
    for file in files:
        text = file.read_text()
        assert not [line for line in lines if json.dumps(line)[1:-1] in text], file
    # The reference is on every student's machine: it can be asked, and `by_hand` says who asked while being graded.
    told = "from mlwf.assignment import QUESTIONS, own_case\nprint(QUESTIONS['multiplier'].solve(own_case('constraint-tax', 'ada'), {}))"
    assert hub.succeed(hub.students[0], "python", "-c", told).strip().isdecimal()


@system_users_only
def test_feedback_is_for_who_handed_in(hub, inbound):
    """Is another's feedback neither listed nor found by a name that can be worked out from who, what and when?"""
    mallory, bob = hub.students[:2]
    folder = of(inbound, bob)[-1]
    hub.nbgrader(hub.grader, "collect", ASSIGNMENT, "--update")
    hub.nbgrader(hub.grader, "autograde", ASSIGNMENT, "--student", bob, "--force")
    hub.nbgrader(hub.grader, "generate_feedback", ASSIGNMENT, "--student", bob, "--force")
    hub.nbgrader(hub.grader, "release_feedback", ASSIGNMENT, "--student", bob)
    feedback = hub.state / "exchange" / COURSE / "feedback"
    told = {"bob": bob, "time": folder.name.split("+")[2], "course": COURSE, "assignment": ASSIGNMENT}
    script = f"""
import json, os, sys
from nbgrader.utils import make_unique_key, notebook_hash
told = {told!r}
mine = {str(hub.home(mallory) / NOTEBOOK)!r}
key = make_unique_key(told["course"], told["assignment"], told["assignment"], told["bob"], told["time"])
names = [notebook_hash(mine, key), notebook_hash(mine), notebook_hash(secret=key, notebook_id=told["assignment"])]
print([os.path.exists(f"{feedback}/{{name}}.html") for name in names])
try: print(os.listdir({str(feedback)!r}))
except OSError: print("closed")
"""
    assert hub.succeed(mallory, "python", "-", stdin=script).splitlines() == [str([False] * 3), "closed"]
    name = hub.succeed(
        bob,
        "python",
        "-c",
        f"from nbgrader.utils import notebook_hash; print(notebook_hash(secret=open({str(folder / 'submission_secret.txt')!r}).read(), notebook_id={ASSIGNMENT!r}))",
    ).strip()
    assert (feedback / f"{name}.html").exists()
    assert hub.run(mallory, "sh", "-c", f"echo > {feedback}/{name}.html || rm {feedback}/{name}.html").returncode != 0


# -- Pages of others: forged requests, scripts, a student's own server


def ask_in_cookies(one, method: str, path: str, **headers: str) -> int:
    """The status of a request that carries somebody's cookies, whoever makes it."""
    return one.context.request.fetch(f"{one.hub.url}{path}", method=method, headers=headers, max_redirects=0).status


def test_a_page_elsewhere_can_not_act_for_who_visits_it(hub, member, tmp_path, monkeypatch):
    """Do requests that another site's page makes come to nothing, with all cookies, at the hub, the course and one's server?"""
    ines = member(hub.instructor)
    ines.log_in()
    ines.wait_for_lab()
    ines.page.goto(f"{hub.url}{SERVICE}/formgrader/manage_assignments")
    acts = [
        ("POST", f"/hub/api/users/{ines.name}/tokens"), ("DELETE", f"/hub/api/users/{ines.name}/server"),
        ("POST", f"/user/{ines.name}/api/contents"), ("POST", f"/user/{ines.name}/api/kernels"),
        ("POST", f"/user/{ines.name}/api/terminals"), ("POST", f"{SERVICE}/api/contents"), ("POST", f"{SERVICE}/api/terminals"),
        ("POST", f"{SERVICE}/formgrader/api/assignment/{ASSIGNMENT}/unrelease"),
        ("PUT", f"{SERVICE}/formgrader/api/student_collection/mallory"),
    ]  # fmt: skip
    answers = {act: ask_in_cookies(ines, *act, Origin="http://evil.example") for act in acts}
    assert {act: status for act, status in answers.items() if status not in (403, 404)} == {}
    # With the page's own token they would have done it.
    assert ines.page.evaluate(FETCH, ["POST", f"{SERVICE}/api/terminals"]) == 200

    # In a real browser, which has its own opinion of what another site may send along.
    targets = json.dumps([f"{hub.url}{path}" for _, path in acts])
    socket = f"{hub.url}/user/{ines.name}/terminals/websocket/1".replace("http", "ws", 1)
    html = f"""<title>begun</title><script>
(async () => {{
    for (const url of {targets}) {{
        await fetch(url, {{method: "POST", mode: "no-cors", credentials: "include", body: "{{}}"}}).catch(() => 0)
        const form = document.createElement("form"), frame = document.createElement("iframe")
        frame.name = form.target = url; form.action = url; form.method = "post"
        document.body.append(frame, form); form.submit()
    }}
    const socket = new WebSocket({json.dumps(socket)})
    socket.onopen = () => document.title = "open"; socket.onclose = () => document.title = "closed"
}})()
</script><body>"""
    said: list[tuple[int, str]] = []
    (tmp_path / "index.html").write_text(html)
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    monkeypatch.setattr(http.server.SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    ines.page.on(
        "response", lambda response: said.append((response.status, f"{response.request.method} {response.url}"))
    )
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        elsewhere = f"http://localhost:{server.server_port}"  # to a browser another site than the hub's
        ines.context.route(f"{elsewhere}/**", lambda route: route.continue_())
        ines.page.goto(elsewhere)
        ines.page.wait_for_function("document.title !== 'begun'")
        ines.page.wait_for_timeout(1000)
        server.shutdown()
    assert ines.page.title() == "closed"
    assert len(said) > len(acts)
    assert [
        (status, what)
        for status, what in said
        if what.startswith("POST") and status < 400 and "login" not in what and status != 302
    ] == []
    assert "mallory" not in hub.python(
        hub.grader,
        f"from nbgrader.api import Gradebook\nprint([s.id for s in Gradebook('sqlite:///gradebook.db', {COURSE!r}).students])",
    )


def test_a_stranger_gets_to_see_the_login_and_nothing_else(hub, browser):
    """Is whoever has no account sent to the login, or refused, wherever they ask?"""
    context = browser.new_context(ignore_https_errors=True)
    try:
        for path in (
            "/hub/home",
            f"/user/{hub.students[0]}/lab",
            f"{SERVICE}/lab",
            f"{SERVICE}/formgrader/manage_assignments",
        ):
            answer = context.request.get(f"{hub.url}{path}")
            assert "/hub/login" in answer.url, path
            assert "username_input" in answer.text(), path
        for path in (
            "/hub/api/users",
            f"/user/{hub.students[0]}/api/contents",
            f"{SERVICE}/api/contents",
            "/hub/api/shutdown",
        ):
            assert context.request.get(f"{hub.url}{path}", max_redirects=0).status in (302, 403, 405), path
    finally:
        context.close()


def scripted_notebook(path: Path) -> nbformat.NotebookNode:
    """A student's notebook with scripts in the memo, in further cells, and in what its code puts out."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "memo":
            cell.source = (
                f"What I found\n\n<script>{calls('memo')}</script>{tag('memo')}{asks('memo-asks')}\n\n[more](evil.html)"
            )
    shows = {
        "text/html": tag("html"), "application/javascript": calls("javascript"), "image/svg+xml": f"<svg onload=\"{calls('svg')}\"/>",
        "text/markdown": tag("markdown"), "text/latex": f"${tag('latex')}$", "text/plain": tag("plain"),
    }  # fmt: skip
    notebook.cells += [
        nbf.new_code_cell(
            f"from IPython.display import display\ndisplay({{{kind!r}: {text!r}}}, raw=True)\nprint({text!r})"
        )
        for kind, text in shows.items()
    ]
    notebook.cells.append(nbf.new_code_cell(f"raise ValueError({tag('error')!r})"))
    notebook.cells += [
        nbf.new_raw_cell(tag("raw")),
        nbf.new_markdown_cell(tag("cell"), metadata={"tags": [f'">{tag("tags")}']}),
    ]
    return notebook


def test_scripts_in_a_submission_do_not_run_where_it_is_read(hub, member, inbound):
    """Does nothing that a student wrote or put out run, or call, where the instructor marks it and where feedback is read?"""
    student = hub.students[0]
    path = hub.home(student) / NOTEBOOK
    before = path.read_text()
    path.write_text(nbformat.writes(scripted_notebook(path)))
    hub.succeed(
        student,
        "sh",
        "-c",
        f"cat > {path.parent}/evil.html",
        stdin=f"<title>mine</title><script>{calls('file')}</script>",
    )
    try:
        hub.nbgrader(student, "submit", ASSIGNMENT)
    finally:
        path.write_text(before)
        (path.parent / "evil.html").unlink()
    hub.nbgrader(hub.grader, "collect", ASSIGNMENT, "--update")
    hub.nbgrader(hub.grader, "autograde", ASSIGNMENT, "--student", student, "--force")
    found = f"Gradebook('sqlite:///gradebook.db', {COURSE!r}).find_submission_notebook({ASSIGNMENT!r}, {ASSIGNMENT!r}, {student!r}).id"
    number = hub.python(hub.grader, f"from nbgrader.api import Gradebook\nprint({found})").split()[-1]

    ines = member(hub.instructor)
    ines.log_in()
    ines.wait_for_lab()
    here = f"{hub.url}{SERVICE}/formgrader/submissions/{number}"
    ines.page.goto(f"{here}/")
    ines.page.get_by_text("What I found").wait_for()
    ines.page.locator("input#memo.score").wait_for()
    assert "onerror" in ines.page.locator("body").inner_text()  # as a text to read
    ines.page.wait_for_timeout(500)
    # What lies beside it can be opened, and can do nothing.
    answer = ines.page.goto(f"{here}/evil.html")
    assert answer.headers["content-security-policy"] == "sandbox"
    assert ines.page.title() == "mine"

    hub.nbgrader(hub.grader, "generate_feedback", ASSIGNMENT, "--student", student, "--force")
    (page,) = (hub.state / "course" / "feedback" / student).rglob(f"{ASSIGNMENT}.html")
    ines.context.route(
        "http://feedback.example/", lambda route: route.fulfill(body=page.read_text(), content_type="text/html")
    )
    ines.page.goto("http://feedback.example/")
    ines.page.get_by_text("What I found").wait_for()
    ines.page.wait_for_timeout(500)
    assert [url for url in ines.asked_elsewhere if url.startswith(CANARY)] == []


OWN_SERVER = """
import http.server, json, os, signal, sys, time
port, pid, html = json.load(sys.stdin)
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(html.encode())
os.kill(pid, signal.SIGKILL)
for _ in range(50):
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Answers)
        break
    except OSError:
        time.sleep(0.1)
print("ready", flush=True)
server.serve_forever()
"""


@system_users_only
@pytest.mark.parametrize("domain", ["", "hub.test"], ids=["one-name", "a-name-each"])
def test_what_a_students_own_server_can_do_to_a_visitor(hub, browser, domain):
    """Can a page that a student serves in place of their own server reach the course as an instructor who visits it? With one name
    for all, yes, as docs/threats.md says; with DOMAIN, no."""
    mallory = hub.students[0]
    if domain:
        hub.stop()
        hub.options["DOMAIN"] = domain
        hub.start()
    port = hub.url.rpartition(":")[2]
    url = f"{hub.url.partition('://')[0]}://{domain}:{port}" if domain else hub.url
    contexts = [browser.new_context(ignore_https_errors=True) for _ in range(2)]
    served = None
    try:
        for context, name in zip(contexts, (mallory, hub.instructor), strict=True):
            page = context.new_page()
            page.goto(f"{url}/")
            page.fill("#username_input", name)
            page.fill("#password_input", hub.password(name))
            page.click("#login_submit")
            page.wait_for_selector("#jp-main-dock-panel", timeout=120_000)
        home = page.url.split("/user/")[0].replace(hub.instructor, mallory)
        page.goto(f"{url}/hub/home")
        service = page.locator(f"a[href*='{SERVICE}']").first.get_attribute("href")
        course = (
            f"{url.partition('://')[0]}:{service.split(SERVICE)[0]}:{port}{SERVICE}" if domain else f"{url}{SERVICE}"
        )
        # She may open it herself, by whichever name.
        page.goto(f"{course}/formgrader/manage_assignments")
        page.get_by_role("link", name=ASSIGNMENT).first.wait_for()

        attack = f"""<title>begun</title><body><script>
const frame = document.createElement("iframe")
frame.src = {course!r} + "/formgrader/manage_assignments"
frame.onload = async () => {{
    try {{
        const xsrf = frame.contentDocument.cookie.match(/_xsrf=([^;]+)/)[1]
        const got = await frame.contentWindow.fetch({course!r} + "/api/contents/gradebook.db?content=0", {{headers: {{"X-XSRFToken": xsrf}}}})
        document.title = "got " + got.status
    }} catch (error) {{ document.title = "refused" }}
}}
document.body.append(frame)
</script>"""
        pid, told = next(
            (pid, told)
            for pid, told in environment_of(mallory).items()
            if "JUPYTERHUB_SERVICE_URL" in told and "single" in Path(f"/proc/{pid}/cmdline").read_text()
        )
        own_port = int(told["JUPYTERHUB_SERVICE_URL"].split(":")[2].split("/")[0])
        who = pwd.getpwnam(mallory)
        served = subprocess.Popen(
            [str(hub.state / "env" / "bin" / "python"), "-c", OWN_SERVER], user=who.pw_uid, group=who.pw_gid,
            extra_groups=[], cwd="/", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        served.stdin.write(json.dumps([own_port, pid, attack]))
        served.stdin.close()
        served.stdin = None
        assert served.stdout.readline() == "ready\n"
        page.goto(f"{home}/user/{mallory}/see-my-plot")
        page.wait_for_function("document.title !== 'begun'", timeout=60_000)
        assert page.title() == ("refused" if domain else "got 200")
    finally:
        if served:
            served.kill()
            served.communicate()
        for context in contexts:
            context.close()
        if domain:
            hub.stop()
            del hub.options["DOMAIN"]
            hub.start()
