"""What keeps a course from being graded."""


class GradingError(Exception):
    """One line that says what is wrong, where, and what to do."""
