"""A course on a hub, from nothing to feedback that students have read."""

import json
import os
import pwd
import stat
import subprocess
from base64 import b64decode
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from people import ASSIGNMENT, COURSE, NOTEBOOK, ROOT, Hub
from playwright.sync_api import expect
from student import Student

from mlwf.course.students import STUDENTS as DEMO
from mlwf.course.students import answer_key

pytestmark = [pytest.mark.hub, pytest.mark.course, pytest.mark.browser, pytest.mark.timeout(1200)]

TIMELINE = "Timeline of the project"
EVERY_MARK = sum(most for (student, _), (_, most) in answer_key().items() if student == "right")
MISTAKES = sum(score for (student, _), (score, _) in answer_key().items() if student == "mistakes")
WROTE_MISTAKES = next(student.answers for student in DEMO if student.id == "mistakes")
MEMO_MARK = 13.0
COMMENT = "The week needs a reason."
system_users_only = pytest.mark.skipif(os.geteuid() != 0, reason="without root all are one system user")


def test_it_begins_with_users_and_passwords_of_its_own(hub):
    """Does `make hub` make everybody, and show passwords once that nobody else can read or guess?"""
    passwords = [hub.password(name) for name in (hub.instructor, *hub.students)]
    assert all(password in hub.said for password in passwords)
    assert len({*passwords}) == len(passwords)
    assert min(map(len, passwords)) >= 19
    assert stat.S_IMODE((hub.state / "hub" / "passwords").stat().st_mode) == 0o600
    assert stat.S_IMODE((hub.state / "hub").stat().st_mode) == 0o700
    if hub.system_users:
        numbers = {pwd.getpwnam(name).pw_uid for name in hub.everybody}
        assert len(numbers) == len(hub.everybody)
    else:
        assert "everybody's server runs under your own account" in hub.said
    again = subprocess.run(hub.make("hub"), capture_output=True, text=True, check=False)
    assert "a hub is at work with" in again.stderr


def test_its_servers_have_the_versions_that_are_pinned(either_hub):
    """Is what is installed as in the constraints, also where something was added that would have other versions?"""
    places = {"env": "constraints.txt"}
    if either_hub.over_ngshare:
        places["ngshare-env"] = "deploy/ngshare/constraints.txt"
    for place, constraints in places.items():
        command = [either_hub.state / place / "bin" / "python", "-m", "pip", "list", "--format=freeze"]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        pins = (ROOT / constraints).read_text().lower().replace("_", "-").split()
        there = listed.lower().replace("_", "-").split()
        own = ("pip==", "mlwf==", "setuptools==") if place == "ngshare-env" else ("pip==", "mlwf==")
        assert [line for line in there if line not in pins and not line.startswith(own)] == []


def test_a_course_in_the_browser(hub, member):
    """Do buttons alone lead from the source to feedback that students read, with each one's menus, and nothing from elsewhere?"""
    ada, bob, ines = (member(name) for name in (*hub.students[:2], hub.instructor))
    ada.log_in("not-her-password")
    expect(ada.page.locator(".login_error")).to_have_text("Invalid username or password")

    ines.log_in()
    ines.wait_for_lab()
    assert ines.menus() == ["Course List"]
    grading = ines.open_formgrader()
    assert ines.menus(grading.page) == ["Formgrader", "Formgrader (local)", "Create assignment"]
    grading.click(ASSIGNMENT, "assign")
    grading.click(ASSIGNMENT, "release")

    # The lab opens and runs by itself; a prediction, and a slider moves its picture.
    for one in (ada, bob):
        one.log_in()
        one.wait_for_kernel()
        assert one.menus() == ["Assignment List"]
        reader = Student(one.page)
        reader.wait_for_lab()
        reader.answer("cost", "10x")
        timeline = reader.instrument(TIMELINE)
        timeline.move("Stage of discovery")
        assert timeline.value("Stage of discovery") == "2"
        assert (hub.home(one.name) / ".mlsys" / "ledger.json").exists()

    for one in (ada, bob):
        one.list_assignments()
        one.press("released", "Fetch")
        expect(one.row("fetched").get_by_role("button", name="Submit", exact=True)).to_be_visible()

    # Bob types two answers, and hears what is missing; Ada brings a finished notebook along.
    bob.open(NOTEBOOK)
    bob.type_into("multiplier = ...", "multiplier = 2 ** (my.stage - 1)")
    bob.type_into("Your memo goes here", "Found at Deployment the fix takes 48 person-days.")
    bob.save()
    said = bob.validate()
    expect(said).to_contain_text("Not ready: nothing is assigned to `fix_days` yet.")
    expect(said).not_to_contain_text('check("multiplier")')
    hub.write_answers(ada.name, {"memo": "Small models lead from week 7."}, start="solutions")
    ada.open(NOTEBOOK)
    expect(ada.validate()).to_contain_text("Success! Your notebook passes all the tests.")
    for one in (ada, bob):
        one.page.locator(".jp-Dialog button").last.click()
        one.list_assignments()
        one.press("fetched", "Submit")
        expect(one.row("submitted")).to_contain_text("UTC")

    grading.home()
    grading.click(ASSIGNMENT, "collect")
    grading.frame.locator("td.num-submissions a").click()
    for one in (ada, bob):
        grading.click(one.name, "autograde")
    assert hub.scores() == {ada.name: EVERY_MARK, bob.name: 2}
    for number in (1, 2):
        grading.home()
        grading.read_memo(number, "13", COMMENT)
    assert grading.page.locator(".jp-toast-message").all_inner_texts() == []  # nobody is asked about news
    grading.home()
    grading.click(ASSIGNMENT, "generate-feedback")
    grading.click(ASSIGNMENT, "release-feedback")

    for one, total in ((ada, EVERY_MARK + 13), (bob, 15)):
        one.list_assignments()
        one.page.locator("#refresh_assignments_list").click()
        one.press("submitted", "Fetch Feedback")
        expect(one.row("submitted")).to_contain_text("(view feedback)")
        (page,) = hub.home(one.name).glob(f"{COURSE}/{ASSIGNMENT}/feedback/*/{ASSIGNMENT}.html")
        one.page.goto(f"{hub.url}/user/{one.name}/lab/tree/{page.relative_to(hub.home(one.name))}?reset")
        shown = one.page.frame_locator(".jp-HTMLViewer iframe, iframe").first.locator("body")
        expect(shown).to_contain_text(f"{total:g} of 60 points", timeout=60_000)
        expect(shown).to_contain_text(COMMENT)
    assert ada.asked_elsewhere + bob.asked_elsewhere == []
    # nbgrader's page for reading a memo asks for MathJax, and does without.
    assert [url for url in ines.asked_elsewhere if "/mathjax/" not in url] == []


def test_nobody_gets_further_than_they_may(hub, member):
    """Do the addresses of others, of Formgrader and of the hub's administration stay closed to a student, and to the instructor theirs?"""
    ada, ines = member(hub.students[0]), member(hub.instructor)
    for one in (ada, ines):
        one.log_in()
        one.wait_for_lab()
    service, other = f"/services/{COURSE}", f"/user/{hub.students[1]}/lab"
    closed = {
        ada: (f"{service}/lab", f"{service}/formgrader/manage_assignments", f"{service}/api/contents/gradebook.db", other,
              f"/user/{ada.name}/formgrader/api/assignments", f"/user/{ada.name}/formgraders", "/hub/admin"),
        ines: (other, f"/user/{ines.name}/formgrader/api/assignments", "/hub/admin"),
    }  # fmt: skip
    answers = {(one.name, path): one.status(path) for one, paths in closed.items() for path in paths}
    assert {asked: status for asked, status in answers.items() if status not in (403, 404)} == {}
    assert ines.status(f"{service}/formgrader/manage_assignments") == 200


@system_users_only
def test_students_are_kept_apart(hub):
    """Does a student in a terminal see nothing of the other's files, the gradebook, the source, what was handed in, or the hub's own?"""
    ada, bob = hub.students[:2]
    hand_out(hub, ada, bob)
    hub.nbgrader(bob, "submit", ASSIGNMENT)
    inbound = hub.state / "exchange" / COURSE / "inbound"
    # Its name has nine random bytes in it; even who knew it could not take it away.
    (handed_in,) = [folder for folder in inbound.iterdir() if folder.name.startswith(bob)][-1:]
    closed = [
        ("ls", str(hub.home(bob))),
        ("cat", str(hub.home(bob) / NOTEBOOK)),
        ("ls", str(hub.state / "course")),
        ("cat", str(hub.state / "course" / "gradebook.db")),
        ("cat", str(hub.state / "course" / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")),
        ("ls", str(inbound)),
        ("mv", str(handed_in), str(handed_in) + "-elsewhere"),
        ("mv", str(inbound.parent), str(inbound.parent) + "-elsewhere"),
        ("ls", str(hub.state / "hub")),
        ("cat", str(hub.state / "hub" / "passwords")),
        ("touch", str(hub.state / "config" / "grader" / "nbgrader_config.py")),
        ("sh", "-c", f"echo >> {hub.state}/env/etc/jupyter/nbgrader_config.py"),
    ]
    opened = [command for command in closed if hub.run(ada, *command).returncode == 0]
    assert opened == []
    assert (handed_in / f"{ASSIGNMENT}.ipynb").exists()
    # What other people's processes are told, their tokens among it, is theirs.
    assert all(
        hub.run(ada, "cat", f"/proc/{process}/environ").returncode
        for process in subprocess.run(["pgrep", "-u", hub.grader], capture_output=True, text=True).stdout.split()
    )


def hand_out(hub: Hub, *students: str) -> None:
    """See to it that the assignment is released, and that these students have it."""
    if f"{COURSE} {ASSIGNMENT}" not in hub.nbgrader(hub.grader, "list"):
        hub.nbgrader(hub.grader, "generate_assignment", ASSIGNMENT, "--force")
        hub.nbgrader(hub.grader, "release_assignment", ASSIGNMENT)
    for student in students:
        if not (hub.home(student) / NOTEBOOK).exists():
            hub.nbgrader(student, "fetch_assignment", ASSIGNMENT)


def read_memos(hub: Hub, *students: str) -> None:
    """Mark memos as Formgrader would."""
    hub.python(
        hub.grader,
        f"""
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db", {COURSE!r}) as book:
    for student in {students!r}:
        book.find_grade("memo", {ASSIGNMENT!r}, {ASSIGNMENT!r}, student).manual_score = {MEMO_MARK}
        book.find_comment("memo", {ASSIGNMENT!r}, {ASSIGNMENT!r}, student).manual_comment = {COMMENT!r}
        book.db.commit()
""",
    )


def give_feedback(hub: Hub, *command: str) -> None:
    hub.grade(*command, ASSIGNMENT, "--force")
    hub.nbgrader(hub.grader, "release_feedback", ASSIGNMENT)


def feedback_of(hub: Hub, student: str) -> list[str]:
    """Fetch feedback as a student does, and return the pages, oldest first."""
    hub.nbgrader(student, "fetch_feedback", ASSIGNMENT)
    pages = sorted((hub.home(student) / COURSE / ASSIGNMENT / "feedback").glob("*/*.html"))
    return [page.read_text() for page in pages]


def test_a_course_by_command_line_with_late_work_and_a_restart(either_hub, member, tmp_path):
    """Do commands do the same over each exchange, for who hands in again, once too late, with the hub restarted in between?"""
    hub = either_hub
    cleo, dan = hub.students[2:]
    hand_out(hub, cleo, dan)
    hub.nbgrader(dan, "submit", ASSIGNMENT)
    hub.write_answers(cleo, {"memo": "Small models lead from week 7."}, start="solutions")
    hub.write_answers(dan, WROTE_MISTAKES)
    assert "Success" in hub.succeed(cleo, "nbgrader", "validate", NOTEBOOK)
    for student in (cleo, dan):
        assert f"{COURSE} {ASSIGNMENT}" in hub.nbgrader(student, "list")
        hub.nbgrader(student, "submit", ASSIGNMENT)
    hub.nbgrader(hub.grader, "collect", ASSIGNMENT, "--update")
    hub.nbgrader(hub.grader, "autograde", ASSIGNMENT)
    read_memos(hub, cleo, dan)
    give_feedback(hub, "nbgrader", "generate_feedback")
    scores = hub.scores()
    assert {name: scores[name] for name in (cleo, dan)} == {cleo: EVERY_MARK + MEMO_MARK, dan: MISTAKES + MEMO_MARK}
    (page,) = feedback_of(hub, cleo)
    assert f"{EVERY_MARK + MEMO_MARK:g} of 60 points" in page
    assert COMMENT in page
    (page,) = feedback_of(hub, dan)
    assert f"{MISTAKES + MEMO_MARK:g} of 60 points" in page

    # Another day, another start, now with HTTPS: passwords, marks and files are as they were.
    before = hub.password(dan)
    ended = hub.stop()
    assert f"All is kept in {hub.state}" in ended
    hub.options |= certificate(tmp_path) | {"HOST": "127.0.0.1"}
    said = hub.start()
    assert hub.url.startswith("https://")
    assert "new passwords" not in said
    assert before not in said
    assert hub.password(dan) == before
    returning = member(dan, hub)
    returning.log_in()
    returning.wait_for_lab()

    set_due_date(hub, "2020-01-01 12:00:00 UTC")
    hub.write_answers(dan, {}, start="solutions")
    hub.nbgrader(dan, "submit", ASSIGNMENT)
    hub.nbgrader(hub.grader, "collect", ASSIGNMENT, "--update")
    hub.grade("mlwf", "grade", ASSIGNMENT)
    scores = hub.scores()
    assert scores[cleo] == EVERY_MARK + MEMO_MARK
    assert scores[dan] in (EVERY_MARK, EVERY_MARK + MEMO_MARK)  # a memo's mark stays until it is read again
    assert late(hub)[dan] > 0
    give_feedback(hub, "mlwf", "feedback")
    first, second = feedback_of(hub, dan)
    assert f"{MISTAKES + MEMO_MARK:g} of 60 points" in first
    assert f"{scores[dan]:g} of 60 points" in second
    # Cleo's stays as it was, and nobody's page is in another's folder.
    assert all(dan not in page for page in feedback_of(hub, cleo))


def test_ngshare_gives_nobody_more_than_is_theirs(ngshare_hub):
    """Does ngshare refuse a student what is another's or the course's, a stranger and nobody at all everything, and stay in its place?"""
    hub = ngshare_hub
    cleo, dan = hub.students[2:]
    hand_out(hub, cleo, dan)
    for student in (cleo, dan):
        hub.nbgrader(student, "submit", ASSIGNMENT)
    token = {name: hub.surroundings(name)["JUPYTERHUB_API_TOKEN"] for name in (hub.grader, hub.instructor, cleo, dan)}

    def ask(name: str, method: str, path: str, **form: str) -> tuple[int, dict]:
        return hub.ask_ngshare(token.get(name, name), method, path, **form)

    handed_in = f"submissions/{COURSE}/{ASSIGNMENT}"
    _, everything = ask(hub.grader, "GET", handed_in)
    when = {each["student_id"]: each["timestamp"] for each in everything["submissions"]}
    assert when.keys() == {cleo, dan}
    whose = {"first_name": "", "last_name": "", "email": ""}
    files = json.dumps([{"path": f"{ASSIGNMENT}.ipynb", "content": "e30="}])
    feedback = f"feedback/{COURSE}/{ASSIGNMENT}/{{}}?" + urlencode({"timestamp": when[dan]})
    others = [
        ("GET", handed_in, {}),
        ("GET", f"{handed_in}/{dan}", {}),
        ("GET", f"submission/{COURSE}/{ASSIGNMENT}/{dan}", {}),
        ("GET", feedback.format(dan), {}),
        ("GET", f"students/{COURSE}", {}),
    ]
    # The same is open to who teaches the course.
    assert [path for method, path, _ in others if ask(hub.grader, method, path)[0] != 200] == []
    changes = [
        ("POST", f"feedback/{COURSE}/{ASSIGNMENT}/{cleo}", {"timestamp": when[cleo], "files": files}),
        ("POST", f"assignment/{COURSE}/another", {"files": files}),
        ("DELETE", f"assignment/{COURSE}/{ASSIGNMENT}", {}),
        ("POST", f"student/{COURSE}/{hub.instructor}", whose),
        ("DELETE", f"student/{COURSE}/{dan}", {}),
        ("POST", f"instructor/{COURSE}/{cleo}", whose),
        ("POST", "course/another", {}),
        ("DELETE", f"course/{COURSE}", {}),
        ("GET", "initialize-Data6ase?action=dump", {}),
    ]
    members_only = [
        ("GET", f"assignments/{COURSE}", {}),
        ("GET", f"assignment/{COURSE}/{ASSIGNMENT}", {}),
        ("POST", f"submission/{COURSE}/{ASSIGNMENT}", {"files": files}),
    ]
    closed = {
        cleo: others + changes,
        # Has a server on the same hub, and is not of the course there: it is graded under the course's own name.
        hub.instructor: others + changes + members_only,
        "": others + changes + members_only,
        "no-such-token": others + changes + members_only,
    }
    opened = [
        (name, method, path, said)
        for name, requests in closed.items()
        for method, path, form in requests
        for status, said in [ask(name, method, path, **form)]
        if status == 200 or set(said) - {"success", "message"}
    ]
    assert opened == []
    assert {ask(name, "GET", f"assignments/{COURSE}")[0] for name in (hub.instructor, cleo)} == {403, 200}
    assert ask(hub.grader, "GET", handed_in)[1] == everything

    # Her own she sees; of the course what is released, and not the source; and nothing by a path that leads elsewhere.
    assert ask(cleo, "GET", f"{handed_in}/{cleo}")[0] == 200
    _, released = ask(cleo, "GET", f"assignment/{COURSE}/{ASSIGNMENT}")
    there = hub.state / "course" / "release" / ASSIGNMENT
    assert {each["path"]: b64decode(each["content"]) for each in released["files"]} == {
        path.name: path.read_bytes() for path in there.iterdir()
    }
    for path in ("../elsewhere.ipynb", "/tmp/elsewhere.ipynb", "a/../../elsewhere.ipynb"):
        form = {"files": json.dumps([{"path": path, "content": "e30="}])}
        assert ask(cleo, "POST", f"submission/{COURSE}/{ASSIGNMENT}", **form)[0] == 400
    for path in ("..%2Fcourse", "..%2F..%2Fngshare.db", "%2Fetc%2Fpasswd"):
        assert ask(cleo, "GET", f"assignment/{COURSE}/{path}")[0] == 404

    port = urlsplit(hub.surroundings(hub.grader)["NGSHARE_URL"]).port
    tables = "".join(Path("/proc/net", table).read_text() for table in ("tcp", "tcp6"))
    lines = [line.split() for line in tables.splitlines()]
    listening = {words[1] for words in lines if words[3] == "0A" and words[1].endswith(f":{port:04X}")}
    assert listening == {f"0100007F:{port:04X}"}


def test_doctor_asks_ngshare(ngshare_hub):
    """Does `mlwf doctor` tell whether ngshare answers, where nbgrader itself only logs it?"""
    hub = ngshare_hub
    assert "ok  exchange: ngshare_exchange answers" in hub.grade("mlwf", "doctor")
    course = hub.state / "course"
    told = hub.surroundings(hub.grader) | {"JUPYTERHUB_API_TOKEN": "no-such-token"}
    assert hub.run(hub.grader, "nbgrader", "list", folder=course, **told).returncode == 0
    done = hub.run(hub.grader, "mlwf", "doctor", folder=course, **told)
    assert done.returncode == 1
    assert "DO  exchange: ngshare_exchange does not answer: ngshare service returned invalid status code" in done.stdout


@system_users_only
def test_ngshare_has_an_account_of_its_own(ngshare_hub):
    """Is what is handed in closed to students, and what is the course's, the hub's and theirs closed to ngshare's account?"""
    hub = ngshare_hub
    ngshare, cleo = f"{hub.grader}-ngshare", hub.students[2]
    kept = hub.state / "exchange" / "ngshare.db"
    assert kept.owner() == ngshare
    homes = [str(hub.home(name)) for name in (cleo, hub.instructor, hub.grader)]
    theirs = [("ls", place) for place in (*homes, str(hub.state / "course"), str(hub.state / "hub"))]
    closed = {cleo: [("ls", str(kept.parent)), ("test", "-r", str(kept))], ngshare: theirs}
    asked = [(who, what) for who, commands in closed.items() for what in commands]
    assert [(who, what) for who, what in asked if hub.run(who, *what).returncode == 0] == []
    assert hub.run(ngshare, "test", "-r", str(kept)).returncode == 0


def certificate(folder) -> dict[str, str]:
    """Make a certificate that no browser trusts."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*command, "-keyout", key, "-out", cert], check=True, capture_output=True)
    return {"CERT": str(cert), "KEY": str(key)}


def set_due_date(hub: Hub, when: str) -> None:
    hub.python(
        hub.grader,
        "from nbgrader.api import Gradebook\n"
        f"with Gradebook('sqlite:///gradebook.db', {COURSE!r}) as book:\n"
        f"    book.update_or_create_assignment({ASSIGNMENT!r}, duedate={when!r})\n",
    )


def late(hub: Hub) -> dict[str, float]:
    """Seconds by which each student's submission came too late."""
    code = (
        "import json\nfrom nbgrader.api import Gradebook\n"
        f"with Gradebook('sqlite:///gradebook.db', {COURSE!r}) as book:\n"
        f"    print(json.dumps({{s.student.id: s.total_seconds_late for s in book.assignment_submissions({ASSIGNMENT!r})}}))"
    )
    return json.loads(hub.python(hub.grader, code).strip().splitlines()[-1])


def test_a_hub_that_was_killed_starts_again(ngshare_hub):
    """Does the next start find and end what a killed hub has left running, ngshare too?"""
    hub = ngshare_hub
    servers = [
        "pgrep",
        "-f",
        f"^{hub.state}/(ngshare-)?env/bin/python {hub.state}/(env/bin/jupyterhub|ngshare-env/serve)",
    ]
    running = subprocess.run(servers, capture_output=True, text=True, check=False).stdout.split()
    left = [int(pid) for pid in running]
    assert sum("serve_ngshare" in open_command(pid) for pid in left) == 1
    for pid in left:
        if "jupyterhub --config" in open_command(pid):
            os.kill(pid, 9)
    hub.process.wait(60)
    assert "JupyterHub has ended by itself" in hub.log.read_text()
    hub.start()
    assert [pid for pid in left if open_command(pid)] == []


def open_command(pid: int) -> str:
    try:
        return (ROOT.__class__("/proc") / str(pid) / "cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def test_removing_it_asks_first_and_leaves_nothing(either_hub):
    """Does `make hub-remove` keep everything unless told so, refuse while the hub runs, and then take its users and files away?"""
    hub = either_hub
    refused = hub.remove()
    assert "a hub is at work with" in refused.stderr
    hub.stop()
    kept = hub.remove(answer="yes")
    assert "nothing is removed" in kept.stderr
    assert (hub.state / "course" / "source").exists()
    removed = hub.remove()
    assert removed.returncode == 0, removed.stderr
    assert not hub.state.exists()
    assert [entry.pw_name for entry in pwd.getpwall() if entry.pw_name in hub.everybody] == []
