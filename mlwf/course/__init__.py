"""A course at work: the assignment taken through nbgrader with a small class, from source to feedback.

`students` says who hands in what and which marks that is worth, `cycle` drives nbgrader, and `demo` runs the cycle in a
process of its own and compares the marks with the key.
"""

from mlwf.course.demo import CHECKOUT, DemoError, Progress, Result, differences, has_source, run

__all__ = ["CHECKOUT", "DemoError", "Progress", "Result", "differences", "has_source", "run"]
