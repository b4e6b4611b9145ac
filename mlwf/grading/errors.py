"""What stops grading as a whole."""


class GradingError(Exception):
    """Nothing can be graded so; the message is one line for the instructor and says what to do."""


def one_line(error: BaseException) -> str:
    """Say in one line what went wrong.

    Parameters
    ----------
    error : BaseException

    Returns
    -------
    str
    """
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
