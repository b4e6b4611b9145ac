"""nbgrader's exchange of files where students are not to be trusted: what they put in, and what is taken from there.

nbgrader's own collect takes the student's name from a folder's name, and only warns where the folder is somebody else's; it
follows links, so that what only the grader may read comes along; and one odd name ends it for the whole class. What is handed in
it leaves open to everybody who knows its name. With these in `nbgrader_config.py`, its commands and buttons do nothing of it:

    c.ExchangeFactory.collect = "mlwf.grading.exchange.Collect"
    c.ExchangeFactory.submit = "mlwf.grading.exchange.Submit"
"""

import os
import pwd
import re
import secrets
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect, ExchangeSubmit

from mlwf.grading.submission import NOTEBOOK, SIZES, TIMESTAMP, read_files, shown, without, write_files

SECRET = "submission_secret.txt"
# A name is part of a path, and stands on nbgrader's pages.
STUDENT = re.compile(r"[\w@+][\w.@+-]*")
# Between the time in a folder's name and the last change in it; copying a large submission takes a while.
TOLERANCE = timedelta(minutes=10)


class Submit(ExchangeSubmit):  # type: ignore[misc]
    """Hands in what nobody else can change."""

    def copy_files(self) -> None:
        """Put the files into the exchange."""
        super().copy_files()
        Path(self.inbound_path, self.assignment_filename).chmod(0o755)


class Collect(ExchangeCollect):  # type: ignore[misc]
    """Collects from each student what is theirs, and only files.

    ``c.ExchangeCollect.check_owner = False`` leaves away the look at whose a folder is, where all have one account.
    """

    src_records: list[dict[str, Any]]

    def init_src(self) -> None:
        """Find the submissions to collect."""
        super().init_src()
        self.src_records = [record for record in self.src_records if record["username"]]

    def _path_to_record(self, path: str) -> dict[str, Any]:
        """Read a folder's name; one that is to be left has no student's."""
        name = Path(path).name
        try:
            record: dict[str, Any] = super()._path_to_record(path)
            reason = self._reason_to_leave(path, record)
        except OSError as error:
            record, reason = {}, f"it can't be read ({error.strerror})"
        except Exception:  # noqa: BLE001 - dateutil's, and whatever else a name can bring about
            record, reason = {}, "its name is not STUDENT+ASSIGNMENT+TIME+…"
        if reason is None:
            return record
        self.log.warning("%s in the exchange is not collected: %s", shown(name), reason)
        return {"username": "", "filename": name, "timestamp": datetime.min}

    def _reason_to_leave(self, path: str, record: dict[str, Any]) -> str | None:
        student = record["username"]
        if not STUDENT.fullmatch(student):
            return "its name holds no student's"
        found = os.lstat(path)
        if not stat.S_ISDIR(found.st_mode):
            return "it is no folder"
        owner = _user(found.st_uid)
        if self.check_owner and owner != student:
            return f"it says that it is {student}'s, and it is {owner}'s"
        parts = list(islice(_parts(Path(path)), SIZES.entries))
        others = {part.st_uid for part in parts} - {found.st_uid}
        if self.check_owner and others:
            return f"in it is something of {_user(min(others))}'s"
        # By the system's clock, which a student can't set.
        changed = datetime.fromtimestamp(max(part.st_ctime for part in (found, *parts)), UTC)
        said = record["timestamp"].replace(tzinfo=UTC)
        if changed > said + TOLERANCE:
            self.log.warning(
                "%s says it was handed in at %s UTC, and was changed at %s UTC",
                shown(record["filename"]), f"{said:%Y-%m-%d %H:%M}", f"{changed:%Y-%m-%d %H:%M}",
            )  # fmt: skip
        return None

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:  # noqa: ANN401 - nbgrader's
        """Copy files, and neither links nor what they lead to."""
        files = read_files(Path(src), self.coursedir.ignore)
        for flag in files.flags:
            self.log.warning("%s: %s", shown(Path(src).name), flag)
        contents = {f"{name}{NOTEBOOK}": content for name, content in files.notebooks.items() if content is not None}
        contents |= without(files.others, [TIMESTAMP])
        # Feedback is released under a name made from it, to all or to nobody.
        if SECRET not in contents:
            contents = {**without(contents, [SECRET]), SECRET: secrets.token_hex(64).encode()}
        # The time in the folder's name, which was looked at; and last, for by it is seen that the submission is there.
        time = Path(src).name.rsplit("+", 3)[2]
        write_files(Path(dest), {**contents, TIMESTAMP: time.encode()})


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def _parts(folder: Path) -> Iterator[os.stat_result]:
    """Whatever lies in a folder."""
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            yield os.lstat(Path(place, name))
