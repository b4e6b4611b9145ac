"""From a graded notebook to the student's page, where nbgrader makes its own."""

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment
from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.exporter import Exporter
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from mlwf.assignment.pages import environment
from mlwf.course.feedback.page import Marking, is_ours, read_page


class FeedbackExporter(HTMLExporter):
    """Our page for a notebook that asks our questions, nbgrader's own for any other.

    nbgrader_config.py names it as ``c.GenerateFeedback.exporter_class``. A template's name there would not do: Formgrader's
    button sets its own.
    """

    def from_notebook_node(  # type: ignore[override] # as TemplateExporter does
        self,
        nb: NotebookNode,
        resources: dict[str, Any] | None = None,
        **kw: Any,  # noqa: ANN401 - nbconvert's
    ) -> tuple[str, dict[str, Any]]:
        """Return the page as HTML, and nbconvert's resources."""
        if not is_ours(nb):
            return super().from_notebook_node(nb, resources, **kw)
        # Not through a template of nbconvert's: those do not escape, and they bring scripts from the network.
        nb, resources = Exporter.from_notebook_node(self, nb, resources, **kw)
        return render(nb, _marking(resources["nbgrader"])), resources


def render(nb: NotebookNode, marking: Marking) -> str:
    """Return the page for a notebook that `nbgrader.preprocessors.GetGrades` has seen."""
    return _templates().get_template("page.html.j2").render(page=read_page(nb, marking))


def _marking(graded: dict[str, Any]) -> Marking:
    """What the gradebook knows about the notebook as a whole."""
    unread = graded.get("unread")  # `mlwf feedback` has asked for the whole class
    if unread is None:
        with Gradebook(graded["db_url"]) as gradebook:
            notebook = gradebook.find_submission_notebook(graded["notebook"], graded["assignment"], graded["student"])
            unread = frozenset(grade.name for grade in notebook.grades if grade.needs_manual_grade)
    return Marking(graded["student"], graded["score"], graded["max_score"], graded["late_penalty"], unread)


@cache
def _templates() -> Environment:
    templates = environment("mlwf.course.feedback")
    templates.globals["css"] = files("mlwf.course.feedback").joinpath("page.css").read_text(encoding="utf-8")
    templates.filters["points"] = "{:g}".format
    return templates
