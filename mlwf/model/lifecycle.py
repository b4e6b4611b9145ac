"""The six stages of an ML project and what a constraint costs that is found at one of them.

The figures are those of the published lab (Rural Clinic timeline); `docs/errata.md` says where we differ from it.
"""

from dataclasses import dataclass

from mlwf.model._validate import integer, real


@dataclass(frozen=True)
class Stage:
    """One stage of the lifecycle.

    Attributes
    ----------
    name : str
    days : int
        Its length in the Rural Clinic plan, in person-days.
    """

    name: str
    days: int


STAGES = (
    Stage("Requirements", 5),
    Stage("Data", 30),
    Stage("Modeling", 60),
    Stage("Evaluation", 40),
    Stage("Deployment", 10),
    Stage("Monitoring", 5),
)
TOTAL_DAYS = sum(stage.days for stage in STAGES)


def _stage(stage: int) -> int:
    return integer("stage", stage, 1, len(STAGES))


def cost_multiplier(stage: int) -> int:
    """How many times dearer a fix is at `stage` than at stage 1: ``2**(stage - 1)``.

    A teaching approximation from the published lab, not a measured law.

    Parameters
    ----------
    stage : int
        Stage of discovery, 1 (Requirements) to 6 (Monitoring).

    Returns
    -------
    int
        Dimensionless: 1, 2, 4, 8, 16 or 32.

    Raises
    ------
    TypeError, ValueError
        `stage` is no integer, or not one of the six.
    """
    return int(2 ** (_stage(stage) - 1))


def sunk_days(stage: int) -> int:
    """Person-days already spent when work on `stage` begins: the stages finished before it.

    Parameters
    ----------
    stage : int
        Stage of discovery, 1 to 6.

    Returns
    -------
    int
        Person-days: 0, 5, 35, 95, 135 or 145 of 150.

    Raises
    ------
    TypeError, ValueError
        `stage` is no integer, or not one of the six.
    """
    return sum(finished.days for finished in STAGES[: _stage(stage) - 1])


def stages_to_redo(stage: int) -> int:
    """Count of the stages before `stage`, whose results a newly found constraint puts in question (0 to 5).

    Parameters
    ----------
    stage : int
        Stage of discovery, 1 to 6.

    Raises
    ------
    TypeError, ValueError
        `stage` is no integer, or not one of the six.
    """
    return _stage(stage) - 1


def rework_days(stage: int, base_days: float = 1.0) -> float:
    """Cost of the fix at `stage`, in person-days.

    Parameters
    ----------
    stage : int
        Stage of discovery, 1 to 6.
    base_days : float
        What the fix costs at stage 1, in person-days, at least 0.

    Raises
    ------
    TypeError, ValueError
        An argument is of the wrong type or out of range.
    """
    return cost_multiplier(stage) * real("base_days", base_days, 0)


@dataclass(frozen=True)
class TimeSplit:
    """Shares of a project's time.

    Attributes
    ----------
    data, model, rest : int
        Percent; they add up to 100.
    """

    data: int
    model: int
    rest: int


# Middle of the survey's 60-80 % (data) and 10-20 % (model) that the published lab quotes. The source later withdrew
# the figure, and the Rural Clinic plan does not follow it: its data stage is 30 of 150 days, 20 %.
SURVEY_DATA_RANGE = (60, 80)
SURVEY_MODEL_RANGE = (10, 20)
SURVEY_SPLIT = TimeSplit(data=70, model=15, rest=15)


def guessed_split(data: int) -> TimeSplit:
    """Complete a reader's guess of the data share: modeling gets what is left of 90 %, the rest the remainder.

    Parameters
    ----------
    data : int
        Guessed share of data work, percent, 0 to 100.

    Raises
    ------
    TypeError, ValueError
        `data` is no integer, or not from 0 to 100.
    """
    data = integer("data", data, 0, 100)
    model = max(0, 90 - data)
    return TimeSplit(data=data, model=model, rest=100 - data - model)
