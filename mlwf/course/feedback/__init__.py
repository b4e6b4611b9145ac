"""The page that a student gets back: for each question the marks, why, the way with the student's own numbers, and a picture.

`exporter` is what nbgrader uses, `page` reads a graded notebook, `pictures` draws, and `page.html.j2` with `page.css` is what it
looks like. What stands in a graded notebook was written beside the student's code, so none of it is believed or shown unescaped.
"""

from mlwf.course.feedback.exporter import FeedbackExporter

__all__ = ["FeedbackExporter"]
