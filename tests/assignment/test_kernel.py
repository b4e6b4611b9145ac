"""What the assignment's cells do in a real IPython, in a student's hands and in nbgrader's."""

import atexit
import dataclasses

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from mlwf.assignment import QUESTIONS, Case, NotReadyError, begin, check, progress
from mlwf.assignment.showing import LINE

MODES = {"student": None, "validate": "validate", "autograde": "autograde"}
READY_MODES = pytest.mark.parametrize("mode", ["student", "validate"])
FUNCTION = """
def rework_cost(stage, base_days=1.0):
    if not 1 <= stage <= 6:
        raise ValueError(stage)
    return base_days * 2 ** (stage - 1)
"""


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """Run a cell in a mode; return its result, what it printed, and what it wrote to stderr."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    config = Config()
    config.HistoryManager.enabled = False  # no database to close
    config.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell.instance(config=config)
    for shows_the_result in ("write_output_prompt", "write_format_data", "finish_displayhook"):
        monkeypatch.setattr(shell.displayhook, shows_the_result, lambda *_: None)
    shell.run_cell("from mlwf.assignment import begin, check, progress\nmy = begin()")

    def run_cell(code, mode="student"):
        if MODES[mode] is None:
            monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
        else:
            monkeypatch.setenv("NBGRADER_EXECUTION", MODES[mode])
        capsys.readouterr()
        result = shell.run_cell(code, store_history=True)
        out, err = capsys.readouterr()
        return result, out, err

    yield run_cell
    atexit.unregister(shell.atexit_operations)  # at exit each shell would have all garbage collected
    shell.restore_sys_module_state()
    InteractiveShell.clear_instance()


@READY_MODES
@pytest.mark.parametrize(
    ("cell", "question", "says"),
    [
        ("", "multiplier", "nothing is assigned to `multiplier` yet."),
        ("multiplier = ...", "multiplier", "nothing is assigned to `multiplier` yet."),
        ("multiplier = (1, 2)", "multiplier", "`multiplier`: This is of type tuple; it should be a plain number, how many times."),
        ("multiplier = True", "multiplier", "`multiplier`: This is of type bool; it should be a plain number, how many times."),
        ("multiplier = '16 times'", "multiplier",
         "`multiplier`: The text '16 times' is no number; it should be a plain number, how many times, without a unit."),
        ("linear_week = 2.5", "linear_week",
         "`linear_week`: 2.5 is no whole number; it should be a whole number of weeks, or None for never."),
        ("sunk = 10**5000", "sunk",
         "`sunk`: Not plausible: an int of more than 20 digits. It should be a number of person-days, from 0 to 1,000,000."),
        ("", "rework_cost", "nothing is assigned to `rework_cost` yet."),
        ("rework_cost = 16", "rework_cost", "`rework_cost` should be a function."),
        ("def rework_cost(stage, base_days=1.0):\n    'Not written yet.'", "rework_cost",
         "`rework_cost` returns nothing; end it with a return statement."),
        ("def rework_cost(stage, base_days=1.0):\n    if not 1 <= stage <= 6: raise ValueError", "rework_cost",
         "`rework_cost` returns nothing; end it with a return statement."),
        ("def rework_cost(stage): return 1", "rework_cost", "`rework_cost` raises TypeError whatever it is given."),
        ("def rework_cost(stage, base_days):\n    while True: pass", "rework_cost", "`rework_cost` takes longer than a second."),
    ],
)  # fmt: skip
def test_an_answer_that_is_not_ready_gets_one_sentence(run, mode, cell, question, says):
    """Is it said in a sentence, without a traceback, why an answer can't be marked yet?"""
    run(cell, mode)
    result, out, err = run(f'check("{question}")', mode)
    assert isinstance(result.error_in_exec, NotReadyError)
    assert str(result.error_in_exec) == says
    assert " ".join(out.split()) == f"Not ready: {says}"
    assert all(len(line) <= LINE for line in out.splitlines())
    assert err == ""


@READY_MODES
@pytest.mark.parametrize(
    ("cell", "question"),
    [
        ("multiplier = 16", "multiplier"),
        ("multiplier = 16.0", "multiplier"),
        ("multiplier = '16'", "multiplier"),
        ("import numpy; multiplier = numpy.int64(16)", "multiplier"),
        ("multiplier = 5", "multiplier"),
        ("third_week = None", "third_week"),
        ("third_week = 3", "third_week"),
        (FUNCTION, "rework_cost"),
        ("rework_cost = lambda stage, base_days: 1", "rework_cost"),
    ],
)
def test_an_answer_that_is_ready_passes_in_silence(run, mode, cell, question):
    """Does an answer pass without a word and without points, whether it is right or wrong?"""
    run(cell, mode)
    result, out, err = run(f'check("{question}")', mode)
    assert result.success
    assert (result.result, out, err) == (None, "", "")


@pytest.mark.parametrize(
    ("cell", "question", "points", "feedback"),
    [
        ("multiplier = 16", "multiplier", 2, "2 of 2 points. Right: 2 ^ (5 - 1) = 16."),
        ("multiplier = 32", "multiplier", 1,
         "1 of 2 points. This is 2^N. The first stage costs 1 = 2^0, so stage N costs 2^(N-1). "
         "The way there: 2 ^ (5 - 1) = 16."),
        ("multiplier = 32; fix_days = 3 * multiplier", "fix_days", 1.5,
         "1.5 of 2 points. Right for your own earlier answer (multiplier). The way there: 3 * 16 = 48."),
        ("", "multiplier", 0, "0 of 2 points. No answer: nothing is assigned to `multiplier`."),
        ("multiplier = ...", "multiplier", 0, "0 of 2 points. No answer: nothing is assigned to `multiplier`."),
        ("third_week = 'never'", "third_week", 0,
         "0 of 3 points. The text 'never' is no number; it should be a whole number of weeks, or None for never, without a unit."),
        (FUNCTION, "rework_cost", 3, "3 of 3 points. Right for all 8 inputs."),
        ("import sys\ndef rework_cost(stage, base_days):\n    print('x', file=sys.stderr); return 3 * stage",
         "rework_cost", 0.75, "0.75 of 3 points. Right for 2 of 8 inputs. rework_cost(3, 3) gave 9; it should be 12."),
    ],
)  # fmt: skip
def test_autograde_prints_the_feedback_and_returns_the_points(run, cell, question, points, feedback):
    """Do the feedback and the points come out where nbgrader looks for them, and nothing on stderr, which it scores 0?"""
    run(cell, "autograde")
    result, out, err = run(f'check("{question}")', "autograde")
    assert result.success
    assert (result.result, type(result.result)) == (points, float)
    assert " ".join(out.split()) == feedback
    assert all(len(line) <= LINE for line in out.splitlines())
    assert err == ""


@pytest.mark.parametrize("mode", MODES)
def test_an_object_that_equals_everything_gets_nowhere(run, mode):
    """Is such an object refused in every mode?"""
    run("class Any:\n    def __eq__(self, other): return True\nmultiplier = Any()", mode)
    result, out, err = run('check("multiplier")', mode)
    assert "This is of type Any" in out
    assert err == ""
    assert (result.result == 0.0) if mode == "autograde" else isinstance(result.error_in_exec, NotReadyError)


@pytest.mark.parametrize("mode", MODES)
def test_a_question_that_does_not_exist(run, mode):
    """Is a question's name that was mistyped an error that lists the right ones?"""
    result, _, _ = run('check("multiplyer")', mode)
    assert isinstance(result.error_in_exec, ValueError)
    assert "multiplier, fix_days" in str(result.error_in_exec)


def test_progress_says_what_is_ready_and_not_what_is_right(run):
    """Has every answer a row, a wrong one as ready as a right one?"""
    run("multiplier = 16; sunk = 1; linear_week = 'soon'; rework_cost = print")
    result, out, err = run("progress()")
    rows = {name: (points, ready) for name, points, ready in result.result.rows}
    assert list(rows) == [*QUESTIONS, "memo"]
    assert rows["multiplier"] == rows["sunk"] == ("2", "ready")
    assert rows["fix_days"] == ("2", "nothing is assigned to fix_days yet.")
    assert rows["linear_week"][1].startswith("linear_week: The text 'soon' is no number")
    assert rows["rework_cost"] == ("3", "rework_cost returns nothing; end it with a return statement.")
    assert (out, err) == ("", "")


def test_progress_looks_at_the_memo_as_it_was_saved(run, monkeypatch, tmp_path):
    """Is the memo of the open notebook looked at, where Jupyter says which one that is, and left to a person elsewhere?"""
    path = tmp_path / "constraint_tax.ipynb"
    memo = nbformat.v4.new_markdown_cell("Let us wait.", metadata={"nbgrader": {"grade_id": "memo"}})
    nbformat.write(nbformat.v4.new_notebook(cells=[memo]), path)

    def memo_row():
        return run("progress()")[0].result.rows[-1]

    assert memo_row() == ("memo", "16", "a person reads it; the command mlwf check looks at it beforehand")
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    assert memo_row()[2].startswith("as last saved: it has 3 words; about 150 to 250 are asked. it names no cost")
    path.write_text("{")
    assert memo_row()[2].startswith("a person reads it")


def test_tables_are_shown_as_text_and_as_html(run):
    """Can a table be read in a terminal and in a page, and is what it shows no markup?"""
    result, _, _ = run("linear_week = '<b>'\nprogress()")
    text, page = repr(result.result), result.result._repr_html_()
    assert text.splitlines()[0].split() == ["Answer", "Points", "Is", "it", "ready?"]
    assert len({line.index("nothing") for line in text.splitlines() if "nothing" in line}) == 1
    assert page.startswith('<table><thead><tr><th scope="col"')
    assert "&lt;b&gt;" in page
    assert "<b>" not in page


def test_begin_shows_every_number_and_gives_each_a_name(run):
    """Is the table of numbers complete, with units and the names to calculate with?"""
    result, out, err = run("my = begin()\nmy")
    assert ("Battery of the phone", "10", "Wh", "my.battery_wh") in result.result.rows
    assert len(result.result.rows) == 1 + len(dataclasses.fields(Case))
    assert (out, err) == ("", "")
    assert run("2 ** (my.stage - 1)")[0].result == 16


@pytest.mark.parametrize("call", [lambda: check("multiplier"), progress])
def test_outside_of_ipython_it_says_so(call):
    """Is it said where answers are looked up, if there is no IPython?"""
    with pytest.raises(RuntimeError, match="in a notebook or in IPython only"):
        call()


def test_the_numbers_can_be_seen_anywhere():
    """Does the table of numbers need no IPython?"""
    assert "Deployment" in repr(begin())


def test_what_was_taken_from_the_package_is_said_before_submitting(run):
    """Is a student told, and the instructor when grading, that the reference was asked?"""
    assert not run("progress()")[0].result.note.used
    run("from mlwf.model import cost_multiplier")
    for mode, whom in (("student", "Your instructor sees this too"), ("autograde", "For the instructor")):
        result = run("progress()", mode)[0].result
        assert "from mlwf.model import cost_multiplier" in result.note.sentence
        assert whom in repr(result).replace("\n", " ")
        assert whom in result._repr_html_()


def test_where_the_package_will_be_refused_the_student_is_warned(run):
    """Is it said beforehand that an answer that needs the package will count nothing, though it can be had until then?"""
    run('from mlwf.model import cost_multiplier\nmy = begin(by_hand="refuse")')
    run("multiplier = cost_multiplier(my.stage)")
    assert "an answer that needs it counts nothing" in run("progress()")[0].result.note.sentence
    assert run('check("multiplier")', "autograde")[0].result == 2


def test_an_unknown_policy_is_refused():
    """Does a policy that was mistyped raise an error that lists the right ones?"""
    with pytest.raises(ValueError, match="by_hand must be 'note' or 'refuse' or 'off', not 'never'"):
        begin(by_hand="never")


def test_nothing_is_noted_where_the_course_does_not_want_it(run):
    """Does the policy "off" look at nothing?"""
    run('from mlwf import model\nmy = begin(by_hand="off")')
    assert run("progress()")[0].result.note.used == []
