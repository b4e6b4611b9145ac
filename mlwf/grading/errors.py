"""What stops grading as a whole."""


class GradingError(Exception):
    """Nothing can be graded so; the message is one line for the instructor and says what to do."""
