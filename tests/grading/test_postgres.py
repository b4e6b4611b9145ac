"""A gradebook in PostgreSQL: is everything as it is in SQLite, and does trouble with the server end in one line?"""

import json
import os
import re
import shutil
import threading
import time

import classroom
import cluster as postgres
import debian
import ordinary_course
import psycopg
import pytest
from corpus import NAME, SUBMISSIONS, golden
from nbgrader.api import Gradebook
from ordinary_course import ASSIGNMENT, OrdinaryCourse, as_graded

from mlwf.grading.course import Course
from mlwf.grading.errors import GradingError
from mlwf.grading.save import Saver, stage

pytestmark = pytest.mark.course
CLASS = ("right", "chain-slip", "crashes", "edited-test")
# What a submission may try: settings, the service file, the server itself by network and by socket, what is left open.
SPY = """
import os, socket
found = [name for name in os.environ if name.startswith("PG")]
for place in ("127.0.0.1", "@SOCKET@"):
    try:
        if place[0] == "/":
            socket.socket(socket.AF_UNIX).connect(place)
        else:
            socket.create_connection((place, @PORT@), 2)
        found.append(place)
    except OSError:
        pass
for number in os.listdir("/proc/self/fd"):
    try:
        if "socket" in os.readlink(f"/proc/self/fd/{number}"):
            peer = socket.socket(fileno=os.dup(int(number))).getpeername()
            found += [peer] if peer else []  # that of the grader has no name
    except OSError:
        pass
found += [name for name in ("@SECRET@",) if os.path.exists(name)]
print("SPY", found)
"""


@pytest.fixture(scope="session")
def server():
    """A PostgreSQL server of our own."""
    initdb = debian.find("postgresql")
    if initdb is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(debian.missing("postgresql"))
    with postgres.running(initdb) as running:
        yield running


def moved(course: OrdinaryCourse, server, folder) -> OrdinaryCourse:
    """The course, ungraded, with an empty gradebook in PostgreSQL."""
    shutil.copytree(course.folder, folder)
    (folder / "gradebook.db").unlink()
    there = OrdinaryCourse(folder, server.database())
    with (folder / "nbgrader_config.py").open("a") as config:
        config.write(f"c.CourseDirectory.db_url = {there.url!r}\n")
    return there


def grade(course, *more):
    """Call the command; return what it said."""
    return course.run("mlwf", "grade", ASSIGNMENT, "--course", str(course.folder), *more)


@pytest.fixture(scope="module")
def ungraded_there(ungraded, server, tmp_path_factory):
    """The ordinary course in PostgreSQL, before anybody is graded."""
    there = moved(ungraded, server, tmp_path_factory.mktemp("postgres") / "course")
    shutil.rmtree(there.folder / "release")
    there.generate()
    return there


@pytest.fixture
def fresh(ungraded_there, server, tmp_path):
    """A copy of it, database and folder."""
    url = server.database(template=ungraded_there.url)
    shutil.copytree(ungraded_there.folder, tmp_path / "course")
    course = OrdinaryCourse(tmp_path / "course", url)
    with (course.folder / "nbgrader_config.py").open("a") as config:
        config.write(f"c.CourseDirectory.db_url = {url!r}\n")
    return course


def test_every_row_is_as_in_sqlite(ordinary, fresh):
    """Are marks, comments, flags and penalties those of nbgrader in SQLite, also after marks by hand and a second run?"""
    assert grade(fresh).stderr == ""
    assert fresh.rows() == ordinary.first.rows()
    ordinary_course.grade_by_hand(fresh)
    chosen = [argument for student in ordinary_course.AGAIN for argument in ("--student", student)]
    assert grade(fresh, "--force", *chosen).stderr == ""
    assert fresh.rows() == ordinary.again.rows()


def test_nbgraders_own_loop_gives_the_same(ordinary, fresh):
    """Does nbgrader itself, in kernels, leave in PostgreSQL what it leaves in SQLite? Else the above would compare with nothing."""
    fresh.nbgrader("autograde", ASSIGNMENT, "--student", "ada")

    def of_ada(rows):
        return {name: row for name, row in rows.items() if "ada" in repr(name)}

    assert of_ada(fresh.rows()) == of_ada(ordinary.first.rows())


@pytest.fixture(scope="module")
def our_class(server, tmp_path_factory):
    """Our own assignment in PostgreSQL, graded by `mlwf grade`; its address stands in a service file, as on Kubernetes."""
    folder = tmp_path_factory.mktemp("class")
    url = server.database()
    secret = folder / "pg_service.conf"
    secret.write_text(
        f"[gradebook]\nhost=127.0.0.1\nport={server.port}\nuser=grader\npassword={postgres.PASSWORD}\ndbname={url.rpartition('/')[2]}\n"
    )
    exchange = folder / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGSERVICEFILE", str(secret))
        course = classroom.Course(
            folder / "course",
            url="postgresql+psycopg:///?service=gradebook",
            settings=f"c.Exchange.root = {str(exchange)!r}\n",
        )
        course.hand_in(*CLASS)
        spy = SPY.replace("@PORT@", str(server.port)).replace("@SECRET@", str(secret))
        spy = spy.replace("@SOCKET@", str(server.folder / f".s.PGSQL.{server.port}"))
        path = course.folder / "submitted" / "right" / NAME
        notebook = json.loads(path.read_text())
        notebook["cells"].append(
            {"cell_type": "code", "id": "spy", "metadata": {}, "outputs": [], "execution_count": None, "source": spy}
        )
        path.write_text(json.dumps(notebook))
        course.said = course.grade()
        yield course


def command(course, *arguments):
    """Call a command of ours."""
    return course.run("-m", "mlwf", *arguments, "--course", str(course.folder))


def outcomes(course):
    """What there is of each in the gradebook and the graded notebooks, beside what was reviewed."""
    some = [submission for submission in SUBMISSIONS if submission.student in CLASS]
    return [course.outcome(each) for each in some], [golden(each, sealed=True) for each in some]


def test_our_class_gets_the_marks_that_were_reviewed(our_class):
    """Does each question have the mark and the message that it has in SQLite?"""
    found, reviewed = outcomes(our_class)
    assert len(found) == len(CLASS)
    assert found == reviewed


def test_a_submission_sees_nothing_of_the_database(our_class):
    """Can a student's program find no setting, no secret, no open connection and no way to the server while it is graded?"""
    graded = (our_class.folder / "autograded" / "right" / NAME).read_text()
    assert re.findall(r"SPY [^\\]*", graded.partition('"id": "spy"')[2] or graded)[-1].startswith("SPY []")


def test_the_doors_give_the_same(our_class):
    """Do `nbgrader autograde` and what Formgrader lists give the same, after a mark by hand?"""
    with our_class.gradebook() as gradebook:
        memo = next(
            g for g in gradebook.find_submission_notebook(NAME.stem, NAME.stem, "right").grades if g.needs_manual_grade
        )
        memo.manual_score, memo.needs_manual_grade = 12.0, False
        gradebook.db.commit()
    for student in ("right", "crashes"):
        our_class.autograde("--force", "--student", student)
    found, reviewed = outcomes(our_class)
    assert found == reviewed
    listed = our_class.run("-c", LISTS)
    assert listed.returncode == 0, listed.stderr
    rows = {row["student"]: row for row in json.loads(listed.stdout)}
    assert rows["right"]["score"] == 56  # 44 and the memo's 12
    assert rows["right"]["needs_manual_grade"]  # since it was graded again
    assert rows["crashes"]["needs_manual_grade"]


# What Formgrader asks for, page by page.
LISTS = f"""
import json
from nbgrader.apps import NbGrader
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
app = NbGrader()
app.load_config_file()
api, name = NbGraderAPI(CourseDirectory(config=app.config), config=app.config), "{NAME.stem}"
assert [assignment["name"] for assignment in api.get_assignments()] == [name]
assert api.get_notebooks(name) and api.get_notebook_submissions(name, name)
for student in api.get_students():
    assert api.get_student_submissions(student["id"]) and api.get_student_notebook_submissions(student["id"], name)
print(json.dumps([{{key: row[key] for key in ("student", "score", "needs_manual_grade")}} for row in api.get_submissions(name)]))
"""


def test_the_commands_around_it(our_class, tmp_path):
    """Do doctor, feedback, export and report work, and tell of the same class?"""
    doctor = command(our_class, "doctor", "--json")
    gradebook = next(finding for finding in json.loads(doctor.stdout) if finding["what"] == "gradebook")
    assert gradebook == {
        "what": "gradebook",
        "is_well": True,
        "says": f"60 points, {len(CLASS)} students, due at no given time",
    }
    feedback = command(our_class, "feedback", NAME.stem)
    assert feedback.returncode == 0, feedback.stderr
    for student in CLASS:
        assert (our_class.folder / "feedback" / student / NAME.with_suffix(".html")).stat().st_size > 10_000
    for form in ("csv", "canvas", "moodle"):
        exported = command(our_class, "course", "export", "--as", form, "--to", str(tmp_path / form))
        assert (tmp_path / form).read_text().count("\n") > len(CLASS), exported.stderr
    report = command(our_class, "course", "report", "--json")
    assert {row["student"] for row in json.loads(report.stdout)["students"]} == set(CLASS), report.stderr


# -- Trouble


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql+psycopg://grader:{password}@127.0.0.1:1/x", r"can't be opened: .*port 1 failed: Connection refused; see that postgresql\+psycopg://grader:\*\*\*@127.0.0.1:1/x is right and its server runs"),
        ("postgresql+psycopg://grader:wrong{password}@127.0.0.1:{port}/x", r"can't be opened: .*password authentication failed for user .grader.; see that"),
        ("postgresql+psycopg://grader:{password}@127.0.0.1:{port}/nowhere", r"can't be opened: .*database .nowhere. does not exist; see that"),
        ("postgresql+psycopg://127.0.0.1:{port}/x?user=grader&password={password}&sslmode=require", r"can't be opened: .*server does not support SSL.*; see that postgresql\+psycopg://127.0.0.1:\d+/x is right and its server runs"),
        ("postgresql+psycopg://grader:{password}@127.0.0.1:{port}/postgres", r"there is no gradebook in postgresql\+psycopg://grader:\*\*\*@127.0.0.1:\d+/postgres: run `nbgrader generate_assignment` first"),
        ("postgresql+psycopg://grader:{password}/@127.0.0.1:port/x", r"c.CourseDirectory.db_url is no address of a database; one looks like"),
        ("postgresql//grader:{password}@127.0.0.1/x", r"c.CourseDirectory.db_url is no address of a database; one looks like"),
        ("postgresql+psycopg2://grader:{password}@127.0.0.1/x", r"can't be opened: No module named 'psycopg2'; install the database's driver"),
    ],
    ids=["nobody there", "wrong password", "no database", "password as an option", "no gradebook", "no port", "no address", "no driver"],
)  # fmt: skip
def test_what_cant_be_reached_is_one_line_without_the_password(server, ungraded, tmp_path, url, says):
    """Is it said in a line where the gradebook should be and what to do, with nothing written and no secret shown?"""
    course = ungraded.copy(tmp_path / "course")
    url = url.format(password=postgres.PASSWORD, port=server.port)
    with (course.folder / "nbgrader_config.py").open("a") as config:
        config.write(f"c.CourseDirectory.db_url = {url!r}\n")
    before = sorted(course.folder.rglob("*"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in course.environment.items():
            patch.setenv(name, value)
        with pytest.raises(GradingError, match=says) as refused:
            Course(course.folder).open_gradebook()
    assert "\n" not in str(refused.value)
    assert postgres.PASSWORD not in str(refused.value)
    assert sorted(course.folder.rglob("*")) == before
    assert server.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


def test_every_command_says_so(server, ungraded, tmp_path):
    """Do the commands themselves end in a line and with an exit code, and keep the password to themselves?"""
    course = ungraded.copy(tmp_path / "course")
    with (course.folder / "nbgrader_config.py").open("a") as config:
        config.write(f"c.CourseDirectory.db_url = {server.url('nowhere')!r}\n")
    for arguments in (["grade", ASSIGNMENT], ["course", "report"], ["feedback", ASSIGNMENT]):
        said = course.run("mlwf", *arguments, "--course", str(course.folder))
        assert (said.returncode, said.stdout, said.stderr.count("\n")) == (2, "", 1), said.stderr
        assert 'database "nowhere" does not exist' in said.stderr or arguments[0] == "feedback", said.stderr
        assert postgres.PASSWORD not in said.stderr
    doctor = course.run("mlwf", "doctor", "--course", str(course.folder))
    assert re.search(r"^DO  gradebook: ", doctor.stdout, flags=re.MULTILINE), doctor.stdout
    assert postgres.PASSWORD not in doctor.stdout + doctor.stderr


@pytest.fixture(scope="module")
def graded(ungraded, tmp_path_factory):
    """The ordinary course in SQLite, in which one student is graded."""
    course = ungraded.copy(tmp_path_factory.mktemp("graded") / "course")
    assert grade(course, "--student", "ada").stderr == ""
    return course


@pytest.fixture
def open_saver(fresh):
    """A saver of the course, as `mlwf grade` has one."""
    course = Course(fresh.folder)
    with course.open_gradebook() as gradebook:
        yield course, gradebook, Saver(course, gradebook, ASSIGNMENT)


def test_a_mark_by_hand_comes_before_or_after(graded, fresh, open_saver):
    """Does saving wait for somebody who is giving a mark, and see it then?"""
    course, _, saver = open_saver
    saver.save([stage(as_graded(graded, "ada"), course, ASSIGNMENT)])
    with Gradebook(fresh.url) as other:
        test = other.find_grade("mean-test", "readings", ASSIGNMENT, "ada")
        assert not test.needs_manual_grade
        test.manual_score = 1.5
        other.db.flush()  # written, and not committed
        timer = threading.Timer(1, other.db().commit)  # this thread's session, not the timer's own
        timer.start()
        begin = time.monotonic()
        saver.save([stage(as_graded(graded, "ada"), course, ASSIGNMENT)])
        assert time.monotonic() - begin > 0.8
        timer.join()
    with Gradebook(fresh.url) as other:
        test = other.find_grade("mean-test", "readings", ASSIGNMENT, "ada")
        assert (test.manual_score, test.needs_manual_grade) == (1.5, True)  # graded again since: somebody should look


def test_locked_or_gone(graded, fresh, server, monkeypatch):
    """Is a lock that stays, or a server that ends the connection, one line, with nothing half saved, and can one go on?"""
    monkeypatch.setattr("mlwf.grading.course.PATIENCE", 0.3)
    course, before = Course(fresh.folder), fresh.rows()
    staged = stage(as_graded(graded, "ada"), course, ASSIGNMENT)
    with course.open_gradebook() as gradebook, psycopg.connect(fresh.url.replace("+psycopg", "")) as other:
        saver = Saver(course, gradebook, ASSIGNMENT)
        saver.refused(["ada"])  # as `mlwf grade` asks first; what has been read is let go
        other.execute("LOCK TABLE assignment")
        with pytest.raises(GradingError, match=r"^the gradebook is locked.*grade again$"):
            saver.save([staged])
        other.rollback()
        gradebook.db.execute(ordinary_course.select(1))  # so that there is a connection
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        with pytest.raises(GradingError, match=r"^the gradebook can't be written: .*terminat"):
            saver.save([staged])
        other.rollback()
        assert fresh.rows() == before
        assert not (fresh.folder / "autograded" / "ada" / ASSIGNMENT).exists()
        assert saver.save([staged]) == {}
    assert fresh.autograded("ada") == graded.autograded("ada")


def test_a_name_that_is_too_long(graded, open_saver):
    """Is a student refused whose name PostgreSQL's column can't hold, and the others saved?"""
    course, gradebook, saver = open_saver
    names = ["x" * 129, "y" * 128]
    staged = [stage(as_graded(graded, "ada", student=name), course, ASSIGNMENT) for name in names]
    assert list(saver.save(staged)) == names[:1]
    assert [student.id for student in gradebook.students] == names[1:]
