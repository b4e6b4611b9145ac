"""What a student has answered so far: works without a browser, and is what the views bind to."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

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
        When, as ISO 8601 in UTC to the microsecond, or "".
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
    def choice_text(self) -> str:
        """The submitted choice in words; "" before."""
        return self.text.choice(self.choice).text if self.choice else ""

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
        self._answer(choice_id, datetime.now(UTC).isoformat(timespec="microseconds"))

    def adopt(self, choice_id: str, answered_at: str) -> None:
        """Take over an answer from a record: of two predictions the earlier one stands, of two reflections the later one.

        Raises
        ------
        ValueError
            There is no such choice, or no such instant.
        """
        told = datetime.fromisoformat(answered_at)
        if told.tzinfo is None:
            raise ValueError(f"answered_at must have a time zone, not {answered_at!r}")
        if not self.answered or (told < datetime.fromisoformat(self.answered_at)) == self.text.final:
            self._answer(choice_id, answered_at)

    def _answer(self, choice_id: str, answered_at: str) -> None:
        if choice_id not in {choice.id for choice in self.text.choices}:
            raise ValueError(
                f"choice_id must be one of {', '.join(c.id for c in self.text.choices)}, not {choice_id!r}"
            )
        with self.hold_trait_notifications():
            self.choice, self.answered_at, self.answered = choice_id, answered_at, True


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

    def record(self) -> dict[str, dict[str, str]]:
        """Return all answers as plain values, by question: ``{"choice": …, "answered_at": …}``."""
        return {
            question_id: {"choice": question.choice, "answered_at": question.answered_at}
            for question_id, question in self.questions.items()
            if question.answered
        }

    def adopt(self, record: object) -> None:
        """Take over the answers of a record; what can't be one is left out."""
        for question_id, answer in record.items() if isinstance(record, Mapping) else ():
            # A record may come from another version of the lab, or from anybody's editor.
            with suppress(KeyError, TypeError, ValueError):
                self[question_id].adopt(_text(answer["choice"]), _text(answer["answered_at"]))


def _text(value: Any) -> str:  # noqa: ANN401 - from a file
    if not isinstance(value, str):
        raise TypeError(f"an answer must be text, not {value!r}")
    return value
