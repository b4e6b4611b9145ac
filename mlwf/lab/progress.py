"""What a student has answered so far: works without a browser, and is what the views bind to."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from traitlets import Bool, HasTraits, Unicode

from mlwf.lab.content import QuestionText, questions


class Question(HasTraits):
    """A question and the student's answer to it.

    Attributes
    ----------
    choice : str
        Id of the choice that was submitted, or "".
    answered : bool
    answered_at : str
        When, as ISO 8601 in UTC, or "".
    """

    choice = Unicode()
    answered = Bool()
    answered_at = Unicode()

    def __init__(self, text: QuestionText) -> None:
        super().__init__()
        self.text = text

    @property
    def locked(self) -> bool:
        """True for a prediction that stands."""
        return self.text.final and bool(self.answered)

    @property
    def right(self) -> bool:
        """True if the submitted choice is the right one."""
        return bool(self.choice == self.text.right)

    @property
    def feedback(self) -> str:
        """The feedback for the submitted choice, as HTML; "" before."""
        return self.text.choice(self.choice).feedback if self.choice else ""

    def submit(self, choice_id: str) -> None:
        """Answer with the choice of this id.

        Raises
        ------
        ValueError
            There is no such choice, or the question is a prediction and stands already.
        """
        if self.locked:
            raise ValueError(f"{self.text.id} was predicted at {self.answered_at} and stands")
        if choice_id not in {choice.id for choice in self.text.choices}:
            raise ValueError(
                f"choice_id must be one of {', '.join(c.id for c in self.text.choices)}, not {choice_id!r}"
            )
        with self.hold_trait_notifications():
            self.choice = choice_id
            self.answered_at = datetime.now(UTC).isoformat(timespec="seconds")
            self.answered = True


class Progress:
    """All questions of the lab, by id."""

    def __init__(self) -> None:
        self.questions = {question_id: Question(text) for question_id, text in questions().items()}

    def __getitem__(self, question_id: str) -> Question:
        return self.questions[question_id]

    def answered(self, question_ids: Iterable[str]) -> bool:
        """True if all of these are answered."""
        return all(self[question_id].answered for question_id in question_ids)

    def when_answered(self, question_ids: Iterable[str], then: Callable[[], None]) -> None:
        """Call `then` once, as soon as all of these are answered; at once if they are."""
        waiting = tuple(question_ids)
        if self.answered(waiting):
            then()
            return

        def look(_change: object) -> None:
            if self.answered(waiting):
                for question_id in waiting:
                    self[question_id].unobserve(look, names="answered")
                then()

        for question_id in waiting:
            self[question_id].observe(look, names="answered")
