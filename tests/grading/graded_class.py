"""A nbgrader course that knows nothing of ours, as it is after grading: made in a second, since nothing is run."""

import base64
import tempfile
import warnings
from functools import cache
from pathlib import Path

import nbformat
from nbformat import v4 as nbf
from nbgrader.api import Gradebook
from sqlalchemy import text

from mlwf.course.environment import clean_environment

ASSIGNMENT = "ps1"
CONFIG = 'c = get_config()\nc.CourseDirectory.course_id = "other"\n'
PNG = base64.b64encode(bytes(range(256)) * 8).decode()
HIDDEN = "### BEGIN HIDDEN TESTS\nassert square(3) == 9\n### END HIDDEN TESTS"
TRACEBACK = [
    "\x1b[0;31m---------------------------------------------------------------------------\x1b[0m",
    "\x1b[0;31mAssertionError\x1b[0m                            Traceback (most recent call last)",
    "Cell \x1b[0;32mIn[3], line 3\x1b[0m\n\x1b[1;32m      1\x1b[0m \x1b[38;5;28;01massert\x1b[39;00m square(\x1b[38;5;241m2\x1b[39m) == 4"
    "\n\x1b[1;32m      2\x1b[0m \x1b[38;5;66;03m### BEGIN HIDDEN TESTS\x1b[39;00m"
    "\n\x1b[0;32m----> 3\x1b[0m \x1b[38;5;28;01massert\x1b[39;00m square(3) == 9"
    "\n\x1b[1;32m      4\x1b[0m \x1b[38;5;66;03m### END HIDDEN TESTS\x1b[39;00m",
    "\x1b[0;31mAssertionError\x1b[0m: ",
]
ABOUT = r"""# Problem set & more

Solve $x < y$ and $$\sum_i x_i & y$$ with `a < b`, *both* ways. <b>Bold</b> &rarr; A &amp; B, 3 < 4, see <https://example.org/?a=1&b=2>.

| a | b |
|---|---|
| 1 | "2" |

```python
def f(x): return x & 1
```

![a picture](picture.png) <img src="other.png"> <br> a line

- [ ] to do
"""


def cell(new, name, source, *, grade=False, solution=False, task=False, points=0, locked=False):
    made = new(source, id=name)
    data = {
        "grade_id": name, "schema_version": 3, "grade": grade, "solution": solution, "task": task, "locked": locked,
    }  # fmt: skip
    made.metadata.nbgrader = data | ({"points": points} if grade or task else {})
    return made


def problem(student, code, hidden=HIDDEN):
    """A notebook with what students hand in: their code, what it put out, and the tests' tracebacks."""
    answer = cell(nbf.new_code_cell, "square", code, solution=True)
    answer.execution_count = 2
    answer.outputs = [
        nbf.new_output("stream", name="stdout", text=f"<hello> & \x1b[1mgood\x1b[0m day\r\n{student}\n\n  \n"),
        nbf.new_output("stream", name="stderr", text="careful\n"),
        nbf.new_output("display_data", {"image/png": PNG, "text/plain": "<Figure>"}, metadata={"image/png": {"width": 3}}),
        nbf.new_output("execute_result", {"text/html": "<table><tr><td>1<td>2</table><p>open", "text/plain": "x"}, execution_count=2),
        nbf.new_output("display_data", {"text/latex": "$a < b$", "text/plain": "x"}),
        nbf.new_output("display_data", {"text/markdown": "**bold** ![](x.png)", "text/plain": "x"}),
        nbf.new_output("display_data", {"image/svg+xml": "<svg><path d='M0 0'/></svg>", "text/plain": "x"}),
    ]  # fmt: skip
    test = cell(
        nbf.new_code_cell, "test-square", f"assert square(2) == 4\n{hidden}".strip(), grade=True, points=2, locked=True
    )
    test.outputs = [nbf.new_output("error", ename="AssertionError", evalue="", traceback=TRACEBACK)]
    picture = nbf.new_markdown_cell("![here](attachment:p.png)", id="picture")
    picture.attachments = {"p.png": {"image/png": PNG}}
    return nbf.new_notebook(
        cells=[
            cell(nbf.new_markdown_cell, "about", ABOUT, locked=True), answer, test, picture,
            nbf.new_raw_cell("raw <b>", id="raw"), nbf.new_code_cell("", id="nothing"),
            nbf.new_code_cell("%%html\n<b>x</b>", id="magic", execution_count=4),
        ],
        metadata={"language_info": {"name": "python", "pygments_lexer": "ipython3"}},
    )  # fmt: skip


def essay(answer):
    """A notebook that a person reads."""
    return nbf.new_notebook(
        cells=[
            cell(nbf.new_markdown_cell, "essay", answer, grade=True, solution=True, points=5),
            cell(nbf.new_markdown_cell, "draw", "Draw <b>something</b>.", task=True, points=1, locked=True),
            nbf.new_markdown_cell("My drawing</div> is <em>not here", id="drawing"),
        ]
    )


@cache
def _gradebook() -> bytes:
    """A gradebook that knows the assignment, and nobody; nbgrader starts a process to make one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gradebook.db"
        with Gradebook(f"sqlite:///{path}", "other") as book:
            book.add_assignment(ASSIGNMENT)
            for name in ("essay", "problem"):
                book.add_notebook(name, ASSIGNMENT)
            book.add_solution_cell("square", "problem", ASSIGNMENT)
            book.add_grade_cell("test-square", "problem", ASSIGNMENT, max_score=2, cell_type="code")
            book.add_grade_cell("essay", "essay", ASSIGNMENT, max_score=5, cell_type="markdown")
            book.add_solution_cell("essay", "essay", ASSIGNMENT)
            book.add_task_cell("draw", "essay", ASSIGNMENT, max_score=1, cell_type="markdown")
        return path.read_bytes()


class GradedClass:
    """A class of `students`, in `folder`."""

    def __init__(self, folder: Path, students, config: str = CONFIG) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "nbgrader_config.py").write_text(config)
        home = folder.parent / f"{folder.name}-home"
        self.environment = clean_environment(home) | {"HOME": str(home)}
        (folder / "gradebook.db").write_bytes(_gradebook())
        with self.gradebook() as book, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SQLAlchemy warns of how nbgrader adds a submission
            book.db.execute(text("PRAGMA synchronous = OFF"))
            for number, student in enumerate(students):
                self._hand_in(book, number, student)

    def gradebook(self) -> Gradebook:
        return Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}", "other")

    def autograded(self, student: str) -> Path:
        return self.folder / "autograded" / student / ASSIGNMENT

    def feedback(self, student: str) -> Path:
        return self.folder / "feedback" / student / ASSIGNMENT

    def pages(self) -> dict[str, tuple[bytes, str]]:
        """Everything in feedback/: content and mode, by path."""
        root = self.folder / "feedback"
        return {
            str(path.relative_to(root)): (path.read_bytes() if path.is_file() else b"", oct(path.stat().st_mode))
            for path in sorted(root.rglob("*"))
        }

    def _hand_in(self, book, number, student):
        place = self.autograded(student)
        place.mkdir(parents=True)
        code = f"def square(x):\n    # {student} & <co>\n    return x ** 2 + {number} if x else '\"'"
        nbformat.write(problem(student, code), place / "problem.ipynb")
        nbformat.write(
            essay(f"I, {student}, think:\n\n1. **x** < y\n2. <script>alert({number})</script>"), place / "essay.ipynb"
        )
        (place / "timestamp.txt").write_text("2026-01-02 03:04:05 UTC")
        (place / "data").mkdir()
        (place / "data" / "numbers.csv").write_text("1,2\n")
        book.add_student(student)
        book.add_submission(ASSIGNMENT, student, timestamp="2026-01-02 03:04:05 UTC")
        notebooks = {name: book.find_submission_notebook(name, ASSIGNMENT, student) for name in ("problem", "essay")}
        (test,) = notebooks["problem"].grades
        test.auto_score, test.needs_manual_grade = number / 3, False
        for grade in notebooks["essay"].grades:
            grade.manual_score, grade.extra_credit = (number % 5 + 0.25, 0.5) if number % 2 else (None, None)
        for comment in (*notebooks["problem"].comments, *notebooks["essay"].comments):
            comment.auto_comment = "No response." if number % 3 else None
            comment.manual_comment = f"Well *done*, {student}! `a<b`" if number % 2 else None
        notebooks["problem"].late_submission_penalty = 0.5 if number % 3 == 1 else None
        book.db.commit()
