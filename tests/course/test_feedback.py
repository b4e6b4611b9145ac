"""The feedback page: what it says about a graded notebook, what it never lets through, and how it looks in a real browser."""

import re
import shutil
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from xml.etree import ElementTree

import nbformat.v4 as nbf
import pytest
from bs4 import BeautifulSoup
from in_browser import check_pages, on_each_screen
from nbconvert.exporters import HTMLExporter
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config, PyFileConfigLoader

from mlwf.assignment import PUBLISHED, QUESTIONS, mark, own_case
from mlwf.assignment.questions import truth
from mlwf.assignment.showing import CASE, NOTE, VERDICT
from mlwf.course import CHECKOUT
from mlwf.course.feedback import FeedbackExporter
from mlwf.course.feedback.exporter import render
from mlwf.course.feedback.page import Marking
from mlwf.course.feedback.pictures import NO_NUMBER, picture
from mlwf.course.feedback.safe import markdown
from mlwf.figures.palette import DARK, LIGHT

ADA = own_case("constraint-tax", "ada")
RACES = {"linear_week": 1, "saturating_week": 2, "third_week": 3}
DRAWN = (*RACES, "level_day", "phone_wh", "battery_ratio")
EVIL = '<script>alert(1)</script><img src=x onerror="alert(2)">'


def given(name, cell, **data):
    """A cell of the instructor's, as nbgrader marks it."""
    cell.metadata.nbgrader = {
        "grade_id": name, "locked": True, "grade": False, "solution": False, "task": False, "schema_version": 3,
    } | data  # fmt: skip
    return cell


def shown(mime, data):
    return nbf.new_output("display_data", {mime: data})


def asked(name, code, verdict=None, score=0.0, outputs=(), comment=None):
    """The three cells of a question: what is asked, what was answered, and the check."""
    answer = given(f"{name}-answer", nbf.new_code_cell(code), locked=False, solution=True, comment=comment)
    answer.outputs = list(outputs)
    check = given(name, nbf.new_code_cell(f'check("{name}")'), grade=True, score=score, points=QUESTIONS[name].points)
    if verdict is not None:
        check.outputs = [nbf.new_output("display_data", {"text/plain": "marks", VERDICT: verdict})]
    return [
        given(f"{name}-question", nbf.new_markdown_cell(f"### 1.1 About {name} (2 points)\n\nHow many?")),
        answer,
        check,
    ]


def notebook(*cells, case=None):
    """A graded notebook with a title, numbers, one part, and `cells`."""
    numbers = given("show-case", nbf.new_code_cell("my = begin()"))
    if case is not None:
        numbers.outputs = [nbf.new_output("execute_result", {CASE: case}, execution_count=1)]
    head = [given("about", nbf.new_markdown_cell("# The tax\n\nWork by hand.")), numbers]
    return nbf.new_notebook(cells=[*head, given("part-1", nbf.new_markdown_cell("## Part 1\n\nStages.")), *cells])


def graded(*names, case=ADA, whose=None, **answers):
    """A notebook in which `answers` were given and marked by the real marking."""
    verdicts = {name: mark(QUESTIONS[name], case, answers) for name in names or answers}
    cells = [
        cell
        for name, verdict in verdicts.items()
        for cell in asked(name, f"{name} = ...", asdict(verdict), verdict.points)
    ]
    return notebook(*cells, case=whose or {"course": "constraint-tax", "student": "ada"})


def page(nb, **marking):
    return BeautifulSoup(render(nb, Marking(**{"student": "ada", "score": 1.0, "most": 2.0} | marking)), "html.parser")


def section(soup, name):
    return " ".join(soup.find(id=f"answer-{name}").get_text().split())


def test_marks_and_the_way_with_the_students_numbers():
    """Are title, student, total, question, code, marks, reason and the filled-in formula there?"""
    soup = page(graded(multiplier=2**ADA.stage), score=1.5, most=60.0)
    assert soup.html["lang"] == "en"
    assert soup.h1.get_text() == "The tax"
    header = soup.header.get_text()
    assert "ada" in header
    assert "1.5 of 60 points" in header
    said = section(soup, "multiplier")
    assert said.startswith("1.1 About multiplier How many? Your answer multiplier = ...")
    assert "1 of 2 points. This is 2^N." in said
    assert f"2 ^ ({ADA.stage} - 1) = {2 ** (ADA.stage - 1)}" in said
    (row,) = soup.select("table.summary tbody tr")
    assert row.a["href"] == "#answer-multiplier"
    assert f"What the fix costs at stage 1 (b){ADA.base_days:g} person-days" in soup.details.get_text().replace(
        "\n", ""
    )
    assert [cell.get_text() for cell in row.find_all(["th", "td"])] == [
        "1.1 About multiplier",
        "1 of 2",
        "partly right",
    ]


def test_follow_through_is_said_in_words():
    """Does the page say with which earlier answer the student's is right, and what that earned?"""
    wrong = 2**ADA.stage
    said = section(page(graded(multiplier=wrong, fix_days=ADA.base_days * wrong)), "fix_days")
    assert "follow-through" in said
    assert f"With your multiplier = {wrong} this comes to {ADA.base_days * wrong:g}, which is your answer." in said
    assert "it earned 1.5 of 2 points instead of none" in said


@pytest.mark.parametrize("right", [True, False])
def test_the_way_is_there_once(right):
    """Is the way shown line by line, for right answers and wrong ones, and not a second time in the reason?"""
    week = ADA.race(2).found.week
    said = section(page(graded(saturating_week=week if right else week + 7)), "saturating_week")
    first = str(QUESTIONS["saturating_week"].work(ADA)[0])
    assert said.count(first) == 1
    assert ("3 of 3 points. Right. " if right else "0 of 3 points. Not right. ") in said


def test_marks_that_a_person_changed():
    """Do the gradebook's marks count, and is it said that they are not those of the check?"""
    nb = graded(multiplier=1)
    nb.cells[-1].metadata.nbgrader.score = 2.0
    said = section(page(nb), "multiplier")
    assert "2 of 2 points." in said
    assert "The check gave 0; the marks are those in the gradebook." in said


@pytest.mark.parametrize(
    ("unread", "score", "status"), [(True, 0.0, "not read yet"), (False, 12.5, "read by a person")]
)
def test_the_memo(unread, score, status):
    """Are text, criteria, comment and hand-given marks shown, or that nobody has read it yet?"""
    rubric = given(
        "memo-question", nbf.new_markdown_cell("## Part 4: a memo\n\n| | full |\n| --- | --- |\n| cost | 4 |")
    )
    memo = nbf.new_markdown_cell("# Dear *lead*\n\nSmall.")
    given("memo", memo, locked=False, grade=True, solution=True, score=score, points=16, comment="Well **argued**.")
    nb = notebook(*asked("multiplier", ""), rubric, memo)
    soup = page(nb, unread=frozenset({"memo"} if unread else ()))
    said = section(soup, "memo")
    assert f"{score:g} of 16 points." in said
    assert status in said
    assert "Well argued." in said
    assert soup.find(id="answer-memo").find("th", string="full")
    assert soup.find(string="lead").parent.name == "em"
    assert [heading.name for heading in soup.find_all(re.compile("^h[1-6]$"))] == ["h1", "h2", "h2", "h3", "h2"]
    assert ("total can still rise" in soup.header.get_text()) == unread


def test_a_cell_that_crashed_or_never_ran():
    """Is there a page without numbers, verdicts and notes, and does it say what the code said?"""
    error = nbf.new_output(
        "error", ename="ZeroDivisionError", evalue="division by zero", traceback=["\x1b[31mTraceback"]
    )
    soup = page(notebook(*asked("multiplier", "1 / 0", outputs=[error])))
    said = section(soup, "multiplier")
    assert "ZeroDivisionError: division by zero" in said
    assert "0 of 2 points. The check said nothing that could be read." in said
    assert "did not run to its end" in soup.main.get_text()
    assert not soup.find("svg")


@pytest.mark.parametrize(
    "forged",
    [
        None, [], "text", {}, {"question": "sunk", "points": 2, "message": "Right."}, {"question": "multiplier"},
        {"question": "multiplier", "points": "2", "message": "Right."},
        {"question": "multiplier", "points": True, "message": "Right."},
        {"question": "multiplier", "points": float("nan"), "message": "Right."},
        {"question": "multiplier", "points": 2, "message": ["Right."]},
    ],
)  # fmt: skip
def test_a_verdict_of_another_shape_is_passed_over(forged):
    """Is data that is no verdict met with a sentence, and never with an error?"""
    nb = notebook(*asked("multiplier", ""), case={"course": "constraint-tax", "student": "ada"})
    nb.cells[-1].outputs = [shown(VERDICT, forged)]
    assert "The check said nothing that could be read." in section(page(nb), "multiplier")


@pytest.mark.parametrize("answer", [None, "3", "x" * 999, [1], {"a": 1}, -5, 1e300, True, float("inf"), 10**400])
@pytest.mark.parametrize("name", DRAWN)
def test_any_answer_can_be_on_the_page(name, answer):
    """Is there a picture whatever the answer claims to be?"""
    forged = {"question": name, "points": 0, "message": "No.", "answer": answer, "followed_through": True}
    soup = page(notebook(*asked(name, "", forged), case={"course": "constraint-tax", "student": "ada"}))
    assert soup.find(id=f"answer-{name}").svg


@pytest.mark.parametrize("case", [None, [], {"course": 1, "student": "ada"}, {"course": "x", "student": ""}, {}])
def test_numbers_that_are_not_known(case):
    """Is a forged or broken note of whose numbers these are met with a sentence?"""
    nb = notebook(*asked("linear_week", ""), case=case)
    assert "did not run to its end" in page(nb).main.get_text()


def test_nothing_that_a_student_writes_can_run():
    """Is whatever a student or a student's program wrote harmless, wherever it ends up?"""
    verdict = {"question": "multiplier", "points": 1, "message": EVIL, "answer": EVIL, "followed_through": True}
    put_out = [
        nbf.new_output("stream", text=EVIL),
        nbf.new_output("error", ename=EVIL, evalue=EVIL, traceback=[EVIL]),
        nbf.new_output(
            "display_data", {"text/html": EVIL, "application/javascript": "alert(3)", "image/svg+xml": EVIL}
        ),
        nbf.new_output("display_data", {"image/png": f'" onerror="alert(4)" {EVIL}', "text/plain": EVIL}),
        nbf.new_output("execute_result", {"text/plain": EVIL}, execution_count=1),
    ]
    own = [nbf.new_markdown_cell(f"## {EVIL}\n\n[here](javascript:alert(5)) ![it](https://example.org/x.png)")]
    own += [nbf.new_code_cell(EVIL), nbf.new_raw_cell(EVIL)]
    cells = asked("multiplier", EVIL, verdict, outputs=put_out, comment=EVIL)
    note = given("progress", nbf.new_code_cell("progress()"))
    note.outputs = [shown(NOTE, {"used": [EVIL, 3]})]
    soup = page(notebook(*cells[:2], *own, cells[2], note), student=EVIL)
    assert not soup.find_all(["script", "iframe", "object", "embed", "link", "base", "form"])
    assert not soup.find_all("img")
    for tag in soup.css.select("*"):
        assert not [name for name in tag.attrs if name.startswith("on")]
        assert not re.match(r"(javascript|data|https?):", tag.get("href", ""))
    assert soup.get_text().count("alert(1)") >= 8


def test_pictures_that_code_made_are_shown():
    """Is a PNG shown, with an alternative text?"""
    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==\n"
    soup = page(notebook(*asked("multiplier", "", outputs=[nbf.new_output("display_data", {"image/png": png})])))
    assert soup.img["src"] == f"data:image/png;base64,{png.strip()}"
    assert soup.img["alt"]


def test_endless_output_is_cut():
    """Does a cell that prints in a loop leave the page readable?"""
    spam = nbf.new_output("stream", text="line\n" * 100_000)
    text = page(notebook(*asked("multiplier", "", outputs=[spam]))).select_one("pre.output").get_text()
    assert text.endswith("…")
    assert len(text) < 5_000


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# Dear lead", "<p><strong>Dear lead</strong></p>"),
        ("2^(N-1) < 3 & more", "<p>2^(N-1) &lt; 3 &amp; more</p>"),
        ("<b onclick='x()'>bold</b>", "<p><b>bold</b></p>"),
        ("[a](https://example.org)", '<p><a href="https://example.org">a</a></p>'),
        ("<style>*{display:none}</style>", "*{display:none}"),
    ],
)
def test_markdown(text, html):
    """Does a text keep its form and lose whatever could do harm, or take part in the page's outline?"""
    assert markdown(text).strip() == html


@pytest.mark.parametrize("memo", ["<p><b>" * 48_000, "# a" + " " * 200_000 + "b"])
def test_a_memo_that_takes_long_is_shown_as_it_stands(memo):
    """Is the page made in time, where the libraries take minutes, and is the whole text there, with the reason why it looks so?"""
    cells = asked("multiplier", "")
    begin = time.process_time()
    soup = page(notebook(*cells[:2], nbf.new_markdown_cell(memo), cells[2]))
    assert time.process_time() - begin < 10
    assert memo in soup.get_text()
    assert "Shown as plain text: it is too long" in soup.get_text()


def test_many_texts_that_are_each_just_in_time_are_not_too_much():
    """Is a page made in time, with every text on it, when a student has added hundreds that each take a while?"""
    memos = [f"memo {number} " + "*a* " * 4900 for number in range(300)]
    cells = asked("multiplier", "")
    begin = time.process_time()
    soup = page(notebook(*cells[:2], *map(nbf.new_markdown_cell, memos), cells[2]))
    assert time.process_time() - begin < 30
    assert all(f"memo {number}" in soup.get_text() for number in range(300))
    assert "Shown as plain text" in soup.get_text()


def test_a_picture_in_a_memo_does_not_make_it_too_long():
    """Is a memo read as Markdown that holds a picture, which is not shown?"""
    assert markdown(f"*Dear* ![x](data:image/png;base64,{'A' * 100_000})lead").strip() == "<p><em>Dear</em> lead</p>"


def test_what_was_taken_from_the_package_is_said():
    """Does the page repeat the note about work that is not by hand, and say nothing where there is none?"""
    nb = graded(multiplier=1)
    assert "By hand" not in page(nb).get_text()
    note = given("progress", nbf.new_code_cell("progress()"))
    note.outputs = [shown(NOTE, {"used": ["mlwf.model.cost_multiplier"]})]
    nb.cells.append(note)
    assert "uses the package mlwf: mlwf.model.cost_multiplier." in page(nb).header.get_text()


@pytest.mark.parametrize("name", sorted(set(QUESTIONS) - set(DRAWN)))
def test_other_questions_have_no_picture(name):
    """Is only what a picture helps with drawn?"""
    assert picture(name, ADA) is None


@pytest.mark.parametrize("case", [PUBLISHED, ADA, *(own_case("term", f"s{n}") for n in range(8))])
@pytest.mark.parametrize("name", DRAWN)
def test_pictures_say_in_words_what_they_show(name, case):
    """Has each picture a title and a description, is it small, and does it name the right answer and no other?"""
    right = QUESTIONS[name].solve(case, truth(QUESTIONS[name], case))
    drawn = picture(name, case, right)
    root = ElementTree.fromstring(drawn.svg)
    assert root.get("role") == "img"
    title, words = root.find("title"), root.find("desc")
    assert {root.get("aria-labelledby"), root.get("aria-describedby")} == {title.get("id"), words.get("id")}
    assert title.text
    says = {
        "third_week": lambda _: "never draws level",
        "level_day": "level on day {}".format,
        "phone_wh": "{:,.6g} Wh".format,
        "battery_ratio": "{:,.4g} times".format,
    }
    assert says.get(name, "week {}".format)(right) in words.text
    assert "your" not in words.text.lower()
    assert drawn.says == ""
    assert len(drawn.svg) < 5_000
    assert "nan" not in drawn.svg


@pytest.mark.parametrize("case", [PUBLISHED, *(own_case("term", f"s{n}") for n in range(8))])
def test_the_curves_meet_where_the_mark_stands(case):
    """At the marked week, is the small model's curve first at least as high as the large one's?"""
    root = ElementTree.fromstring(picture("linear_week", case).svg)
    x = float(re.match(r"M([\d.]+)", root.find("path[@class='mark right']").get("d"))[1])
    a_week = (350 - 48) / case.weeks
    small, large = (curve(root, name) for name in ("small", "large"))
    assert small(x) <= large(x) + 0.1  # upwards is less
    assert small(x - a_week) > large(x - a_week) - 0.1


def curve(root, name):
    """The height of a curve at the point drawn nearest to an x."""
    (_, path) = root.findall(f"path[@class='line {name}']")  # the first is the key's
    numbers = [float(number) for number in re.findall(r"[\d.]+", path.get("d"))]
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    return lambda x: min(points, key=lambda point: abs(point[0] - x))[1]


@pytest.mark.parametrize(
    ("name", "answer", "says"),
    [
        ("linear_week", None, "You answered never, but at the end of week"),
        ("linear_week", 0, "Before the first week the small model has 90 %, the large one 95 %."),
        ("linear_week", 1, "At the end of your week 1 the small model has"),
        ("linear_week", 400, "Your week 400 lies after the project window"),
        ("third_week", 3, "At the end of your week 3 the small model has"),
        ("level_day", 2, "At the end of your day 2 the small model has"),
        ("level_day", 3000, "Your day 3000 lies after the project window"),
        ("phone_wh", 1e6, "too large to be drawn"),
        ("phone_wh", 1.0, ""),
        ("linear_week", NO_NUMBER, ""),
    ],
)
def test_a_wrong_answer_is_drawn_or_said(name, answer, says):
    """Does the student see the own answer beside the right one, or read why it is not drawn?"""
    drawn = picture(name, ADA, answer)
    assert says in drawn.says
    assert ("yours" in drawn.svg) == ((name, answer) in [("linear_week", 1), ("third_week", 3), ("phone_wh", 1.0)])


def test_the_pages_colours_are_those_of_the_pictures():
    """Are the colours those whose contrast is tested, in the light and in the dark?"""
    css = (CHECKOUT / "mlwf/course/feedback/page.css").read_text()
    light, dark = css.split("@media (prefers-color-scheme: dark)")
    for part, palette in ((light, LIGHT), (dark, DARK)):
        found = {name.replace("-", "_"): colour for name, colour in re.findall(r"--([a-z-]+): (#\w{6});", part)}
        assert found == asdict(palette)


def test_another_assignment_keeps_nbgraders_page():
    """Is a notebook without our questions shown just as nbgrader alone would show it?"""
    test = given("test_squares", nbf.new_code_cell("assert True"), grade=True, score=1.0, points=2)
    nb = nbf.new_notebook(cells=[nbf.new_markdown_cell("# Squares $x^2$"), test])
    config = GenerateFeedback(coursedir=CourseDirectory()).config
    resources = {"nbgrader": {"notebook": "ps1", "score": 1.0, "max_score": 2.0, "late_penalty": 0}}
    pages = [
        exporter(config=config).from_notebook_node(nb, resources={**resources})[0]
        for exporter in (HTMLExporter, FeedbackExporter)
    ]
    assert pages[0] == pages[1]
    assert "Squares" in pages[0]


@pytest.fixture(scope="module")
def pages(demo):
    return {Path(path).parents[1].name: Path(path) for path in demo[0]["feedback"]}


@pytest.mark.course
@on_each_screen
def test_in_a_real_browser(browser, pages, width, scheme):
    """Is every page free of sideways scrolling, of requests, and of anything that axe finds, in the light and in the dark?"""
    check_pages(browser, pages.values(), width, scheme, {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 17, 17)"})


@pytest.mark.course
def test_without_javascript(browser, pages):
    """Does a browser that runs no script show everything, and lead from the summary to a question and back?"""
    tab = browser.new_context(viewport={"width": 390, "height": 900}, java_script_enabled=False).new_page()
    tab.goto(pages["mistakes"].as_uri())
    tab.get_by_role("link", name="3.1 Wh a day", exact=True).click()
    assert tab.url.endswith("#answer-phone_wh")
    section = tab.get_by_role("region", name="3.1 Wh a day")
    assert section.get_by_role("img", name="Your Wh a day beside the battery").is_visible()
    assert "1 of 2 points." in section.inner_text()
    section.get_by_role("link", name="To the summary").click()
    assert tab.url.endswith("#summary")
    assert "<script" not in pages["mistakes"].read_text()
    tab.context.close()


@pytest.mark.course
@pytest.mark.parametrize("way", ["command", "button"])
def test_a_memo_that_was_read(pages, tmp_path, way):
    """Are the marks and the comment of the person who read the memo on the page, by the command and by Formgrader's button?"""
    course = tmp_path / "course"
    shutil.copytree(pages["right"].parents[3], course)
    shutil.copy(CHECKOUT / "nbgrader_config.py", course)
    database = f"sqlite:///{course / 'gradebook.db'}"
    with Gradebook(database, "demo") as gradebook:
        notebook = gradebook.find_submission_notebook("constraint_tax", "constraint_tax", "right")
        (grade,) = [grade for grade in notebook.grades if grade.name == "memo"]
        (comment,) = [comment for comment in notebook.comments if comment.name == "memo"]
        grade.manual_score, grade.needs_manual_grade, comment.manual_comment = 12.5, False, "Which *week*?"
        gradebook.db.commit()
    feedback = course / "feedback/right/constraint_tax/constraint_tax.html"
    feedback.unlink()
    if way == "command":
        arguments = [
            "generate_feedback",
            "constraint_tax",
            "--student=right",
            "--force",
            f"--db={database}",
            "--course=demo",
        ]
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments], cwd=course, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    else:
        config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
        config.merge(Config({"CourseDirectory": {"root": str(course), "course_id": "demo", "db_url": database}}))
        # As in Formgrader, where the same settings name the template of the instructor's view.
        config.HTMLExporter.template_name = "formgrade"
        done = NbGraderAPI(CourseDirectory(config=config), config=config).generate_feedback("constraint_tax", "right")
        assert done["success"], done
    soup = BeautifulSoup(feedback.read_text(), "html.parser")
    memo = section(soup, "memo")
    assert "12.5 of 16 points. read by a person" in memo
    assert "Which week?" in memo
    assert "56.5 of 60 points" in soup.header.get_text()
