"""Worked answers as lines of arithmetic that anybody with a pocket calculator can follow, and that can be worked out again.

A line is an expression in Python's own notation, so that what the student reads is what was computed. Counting a question's
operations tells how much work it is.
"""

import ast
import math
from dataclasses import dataclass
from functools import cached_property

from mlwf.assignment.answers import Number

FUNCTIONS = {"min": min, "log": math.log, "ceil": math.ceil, "floor": math.floor}


@dataclass(frozen=True)
class Line:
    """One line of a worked answer.

    Attributes
    ----------
    sum : str
        An expression of numbers, ``+ - * / // **``, `min`, `log`, `ceil` and `floor`.
    says : str
        What it is, when that needs saying.
    """

    sum: str
    says: str = ""

    @cached_property
    def value(self) -> Number:
        """What the expression comes to."""
        return eval(self.sum, {"__builtins__": {}}, FUNCTIONS)  # type: ignore[no-any-return] # our own text, from numbers

    @property
    def operations(self) -> int:
        """How many keys of a calculator it takes: operators and functions, signs apart."""
        return sum(isinstance(node, ast.BinOp | ast.Call) for node in ast.walk(ast.parse(self.sum)))

    def __str__(self) -> str:
        written = self.sum.replace("**", "^")
        is_sum = " " in self.sum or "(" in self.sum  # as `operations` would say, without taking it apart
        result = f"{written} = {_short(self.value)}" if is_sum else written
        return f"{self.says}: {result}" if self.says else result


def _short(value: Number) -> str:
    return f"{value:,.6g}"
