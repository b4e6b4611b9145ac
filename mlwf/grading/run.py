"""Grades what a class has handed in: several submissions at a time, one writer, and nobody's trouble stops the others."""

import fcntl
import gc
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from nbgrader.api import Gradebook

from mlwf.grading import worker
from mlwf.grading.course import Course
from mlwf.grading.errors import GradingError
from mlwf.grading.grade import Grader
from mlwf.grading.key import read_keys
from mlwf.grading.save import Saver, Staged, discard, stage
from mlwf.grading.walls import Ahead

BATCH, BATCH_SECONDS = 25, 1.0  # submissions and seconds between two transactions
_BROKEN = "grading it ended the process that did it"
Say = Callable[[int, int], None]


@dataclass(frozen=True)
class Outcome:
    """What became of one submission.

    Attributes
    ----------
    student : str
    state : str
        "graded", "skipped" (it was, and is not newer now) or "failed" (no marks).
    score, max_score : float
        Marks by machine, late penalties not taken off.
    by_hand : int
        Cells that wait for a person.
    flags : tuple of str
        What a person should look at.
    """

    student: str
    state: str
    score: float = 0.0
    max_score: float = 0.0
    by_hand: int = 0
    flags: tuple[str, ...] = ()


@dataclass
class _Job:
    student: str
    tries: int = 0


@dataclass
class _Done:
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    batch: list[Staged] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)


def to_grade(course: Course, assignment: str, students: Sequence[str], force: bool) -> tuple[list[str], list[str]]:
    """Say whose submissions are to be graded, and whose are left as they are: graded, and not newer.

    Raises
    ------
    GradingError
        There are none, or somebody who is asked for has handed in nothing.
    """
    there = course.students(assignment)
    if not there:
        raise GradingError(
            f"nothing of {assignment} is in {course.submitted(assignment, '*').parent.parent}; collect it first"
        )
    unknown = [student for student in students if student not in there]
    if unknown:
        raise GradingError(f"no submission of {assignment} by {', '.join(unknown)}")
    asked = [student for student in there if not students or student in students]
    old = [] if force else [student for student in asked if not _is_newer(course, assignment, student)]
    return [student for student in asked if student not in old], old


def _is_newer(course: Course, assignment: str, student: str) -> bool:
    """nbgrader's rule: not graded yet, or handed in again since."""
    target = course.autograded(assignment, student)
    if not target.exists():
        return True
    submitted, graded = (course.timestamp(folder) for folder in (course.submitted(assignment, student), target))
    return submitted is not None and graded is not None and submitted > graded


def grade_assignment(
    course: Course,
    assignment: str,
    *,
    students: Sequence[str] = (),
    workers: int | None = None,
    force: bool = False,
    sealed: bool = True,
    ahead: Ahead | None = None,
    say: Say = lambda _done, _all: None,
) -> list[Outcome]:
    """Grade an assignment's submissions.

    Parameters
    ----------
    course : Course
    assignment : str
    students : sequence of str
        Whose; empty for all.
    workers : int, optional
        Submissions at a time; by default two for each processor.
    force : bool
        Also what is graded already and has not been handed in again.
    sealed : bool
        False: without walls.
    ahead : Ahead, optional
        A zygote that was started while this was imported.
    say : callable
        Is told how many of how many are done.

    Returns
    -------
    list of Outcome
        In the order of the students' ids.

    Raises
    ------
    GradingError
        Nothing can be graded, or the gradebook can't be written. What was saved before stays.
    """
    course.refuse_other_steps()
    with _alone(course):
        return _grade(course, assignment, students, workers, force=force, sealed=sealed, ahead=ahead, say=say)


@contextmanager
def _alone(course: Course) -> Iterator[None]:
    """Let one run at a time into a course: a second one would take away what the first is writing."""
    folder = os.open(course.root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(folder)
        raise GradingError("somebody is grading in this course already; wait for the end of that") from None
    except OSError:
        pass  # some network disks lock no folder; their users have to take turns by themselves
    try:
        yield
    finally:
        os.close(folder)


def _grade(
    course: Course,
    assignment: str,
    students: Sequence[str],
    workers: int | None,
    *,
    force: bool,
    sealed: bool,
    ahead: Ahead | None,
    say: Say,
) -> list[Outcome]:
    todo, old = to_grade(course, assignment, students, force)
    done = _Done({student: Outcome(student, "skipped") for student in old})
    if not todo:
        return _in_order(done)
    given = course.given_files(assignment)
    grader = Grader(course, read_keys(course, assignment), given, sealed=sealed, ahead=ahead)
    with grader, course.open_gradebook() as gradebook:
        saver = Saver(course, gradebook, assignment)
        saver.tidy(todo)
        for student, why in saver.refused(todo).items():
            done.outcomes[student] = Outcome(student, "failed", flags=(why,))
        jobs = [_Job(student) for student in todo if student not in done.outcomes]
        gradebook.engine.dispose()  # a connection must not be in two processes
        grader.wait()
        _grade_all(
            _Work(grader, course, assignment), jobs, workers or 2 * len(os.sched_getaffinity(0)), saver, done, say
        )
        _count(gradebook, assignment, done)
    return _in_order(done)


def _in_order(done: _Done) -> list[Outcome]:
    return [done.outcomes[student] for student in sorted(done.outcomes)]


@dataclass(frozen=True)
class _Work:
    """What a worker needs; it is there by the fork."""

    grader: Grader
    course: Course
    assignment: str

    def __call__(self, student: str) -> Staged:
        graded = self.grader.grade(student, self.assignment)
        return stage(graded, self.course, self.assignment)


_work: _Work | None = None


def _begin_worker(work: _Work, number: Any) -> None:  # noqa: ANN401 - a number that processes share
    global _work
    _work = work
    worker.begin()
    with number.get_lock():
        mine, number.value = number.value, number.value + 1
    # A worker and its submission take turns, so each pair stays on one processor: going to and fro between two costs a tenth.
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {processors[mine % len(processors)]})
    gc.freeze()  # what was there before the fork need not be looked at for each notebook
    gc.set_threshold(50_000, 20, 20)  # a notebook is many small parts, none of which is rubbish before it is written


def _grade_one(student: str) -> Staged:
    assert _work
    return _work(student)


def _grade_all(work: _Work, jobs: list[_Job], workers: int, saver: Saver, done: _Done, say: Say) -> None:
    """Grade all jobs; whoever breaks a worker is tried once more, alone."""
    every = len(jobs)
    pending = list(jobs)
    while pending:
        alone = pending[0].tries > 0
        now, pending = (pending[:1], pending[1:]) if alone else (pending, [])
        again = _grade_some(work, now, 1 if alone else workers, saver, done, lambda: say(_counted(done, jobs), every))
        if again:
            work.grader.mend_sandboxes()
        for job, why in again:
            job.tries += 1
            if job.tries > 1:
                done.outcomes[job.student] = Outcome(job.student, "failed", flags=(why,))
                say(_counted(done, jobs), every)
            else:
                pending.append(job)
    _save(saver, done, now=True)


def _counted(done: _Done, jobs: list[_Job]) -> int:
    return sum(job.student in done.outcomes for job in jobs)


def _grade_some(
    work: _Work, jobs: list[_Job], workers: int, saver: Saver, done: _Done, say: Callable[[], None]
) -> list[tuple[_Job, str]]:
    """Grade jobs and return those that could not be, with the reason."""
    again: list[tuple[_Job, str]] = []
    futures: dict[Future[Staged], _Job] = {}
    workers = min(workers, len(jobs))
    work.grader.share(workers > 1)
    context = multiprocessing.get_context("fork")  # what workers need is in memory already
    pool = ProcessPoolExecutor(workers, context, _begin_worker, (work, context.Value("i")))
    try:
        with worker.uninterrupted():  # a process that is just beginning
            for job in jobs:
                try:
                    futures[pool.submit(_grade_one, job.student)] = job
                except BrokenProcessPool:
                    again.append((job, _BROKEN))
        for future in _as_they_come(futures, lambda: _save(saver, done)):
            job = futures[future]
            try:
                staged = future.result()
            except BrokenProcessPool:
                again.append((job, _BROKEN))
            except Exception as error:  # noqa: BLE001 - one submission's trouble is not the others'
                again.append((job, f"it can't be graded: {type(error).__name__}: {error}"))
            else:
                done.outcomes[job.student] = _outcome(staged, work.grader.papers)
                done.batch.append(staged)
                say()
            _save(saver, done)
    except KeyboardInterrupt:
        # What is whole is saved; nobody waits for what is still running.
        children = multiprocessing.active_children()
        for child in children:
            child.kill()
        for child in children:
            child.join()  # what it has begun to write is there by now
        _save(saver, done, now=True)
        saver.tidy(job.student for job in jobs)
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return again


def _as_they_come(futures: dict[Future[Staged], _Job], meanwhile: Callable[[], None]) -> Iterator[Future[Staged]]:
    open_futures = set(futures)
    while open_futures:
        finished, open_futures = wait(open_futures, timeout=BATCH_SECONDS, return_when=FIRST_COMPLETED)
        meanwhile()
        yield from finished


def _save(saver: Saver, done: _Done, now: bool = False) -> None:
    if done.batch and (now or len(done.batch) >= BATCH or time.monotonic() - done.since > BATCH_SECONDS):
        batch, done.batch = done.batch, []
        try:
            refused = saver.save(batch)
        except BaseException:
            for staged in batch:
                discard(staged)
            raise
        for student, why in refused.items():
            done.outcomes[student] = Outcome(student, "failed", flags=(why,))
        done.since = time.monotonic()


def _outcome(staged: Staged, expected: Iterable[str]) -> Outcome:
    scores = [score for marks in staged.marks.values() for score in marks.scores.values()]
    flags = tuple(
        f"{name}: {flag}" if name and len(staged.marks) > 1 else flag
        for name, said in staged.flags.items()
        for flag in said
    )
    # Not a flag in the gradebook, where nbgrader has none for it: the missing notebook has no marks there.
    flags += tuple(f"notebook `{name}.ipynb` is missing" for name in expected if name not in staged.marks)
    return Outcome(
        staged.student,
        "graded",
        score=sum(score for score in scores if score is not None),
        by_hand=sum(score is None for score in scores),
        flags=flags,
    )


def _count(gradebook: Gradebook, assignment: str, done: _Done) -> None:
    """Fill in what the assignment is worth."""
    most = float(gradebook.find_assignment(assignment).max_score)
    for student, outcome in done.outcomes.items():
        if outcome.state == "graded":
            done.outcomes[student] = Outcome(student, "graded", outcome.score, most, outcome.by_hand, outcome.flags)
