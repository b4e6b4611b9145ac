"""Grades a nbgrader course: sealed, many submissions at once, and every test from the instructor's own version."""
