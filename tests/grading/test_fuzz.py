"""Thousands of notebooks that nobody would write: nothing is raised, and what comes out can be graded."""

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutants import contents, spoiled
from stock import as_written, check

from mlwf.grading.mend import mend, names_in

QUICK = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
THOROUGH = settings(QUICK, max_examples=10_000)


def _hold(course, content):
    """Check what must hold for any bytes."""
    mended = mend(content, course.key)
    check(mended.notebook, course.key)
    assert all("\n" not in flag and flag.isprintable() and len(flag) < 2000 for flag in mended.flags)
    assert len(mended.flags) < 25
    assert names_in(content, course.key) <= course.key.cells.keys()
    # What is whole stays as it is.
    written = as_written(mended.notebook)
    again = mend(_bytes(mended.notebook), course.key)
    assert as_written(again.notebook) == written
    assert not any("edited" in flag or "missing" in flag or "settings" in flag for flag in again.flags)


def _bytes(notebook):
    return nbformat.writes(notebook).encode()


@QUICK
@given(st.data())
def test_any_change_of_a_notebook_can_be_graded(small, data):
    """Whatever is changed in structure, types, text, metadata and bytes: are the instructor's cells there, once each?"""
    _hold(small, data.draw(contents(small)))


@QUICK
@given(st.data())
def test_any_spoiled_file_can_be_graded(small, data):
    """Whatever happened to the bytes alone: are the instructor's cells there?"""
    _hold(small, data.draw(spoiled(small.released)))


@QUICK
@given(st.binary(max_size=200))
def test_any_bytes_can_be_graded(small, content):
    """Is a file of noise an empty notebook?"""
    _hold(small, content)


@pytest.mark.thorough
@pytest.mark.timeout(3600)
@THOROUGH
@given(st.data())
def test_thousands_of_changes_can_be_graded(small, data):
    """The same for ten thousand notebooks?"""
    _hold(small, data.draw(contents(small)))


@pytest.mark.thorough
@pytest.mark.timeout(3600)
@settings(THOROUGH, max_examples=1_000)
@given(st.data())
def test_changes_of_our_assignment_can_be_graded(ours, data):
    """And for a thousand of our own assignment, which has far more cells?"""
    _hold(ours, data.draw(contents(ours)))
