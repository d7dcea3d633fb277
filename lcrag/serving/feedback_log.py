"""Answers and feedback on disk: two files of JSON lines that only grow, written by several processes at once."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from lcrag.errors import LcragError, did_you_mean
from lcrag.files import append_line
from lcrag.serving.served import ServedAnswer

ANSWERS, FEEDBACK = "answers.jsonl", "feedback.jsonl"
MAX_RECENT = 10_000  # answers that are found without reading the file; each takes about 3 kB
MAX_WAIT = 60.0  # seconds for another process's line


class FeedbackLog:
    """The folder of an application's answers (``answers.jsonl``) and of those that were scored (``feedback.jsonl``).

    A line is written whole, under a lock; one that a crash tore is left out when the file is read.

    Raises:
        LcragError: the folder cannot be made.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.answers, self.feedback = self.folder / ANSWERS, self.folder / FEEDBACK
        self._recent: dict[str, ServedAnswer] = {}
        self._scores: dict[str, float | None] = {}
        self._read_to = 0
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LcragError(
                f"{folder} cannot be a folder of feedback ({error.strerror}): choose another."
            ) from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes and threads from writing.

        Raises:
            LcragError: the folder cannot be written, or another process holds the lock.
        """
        lock = FileLock(self.folder / ".lock", timeout=MAX_WAIT)  # one of its own, so that threads wait, too
        try:
            lock.acquire()
        except (OSError, Timeout) as error:
            raise LcragError(f"{self.folder} cannot be locked ({error}): make it writable.") from error
        try:
            yield
        finally:
            lock.release()

    def add_answer(self, answer: ServedAnswer) -> None:
        """Remember an answer."""
        with self.locked():
            _append(self.answers, answer)
        self._recent[answer.id] = answer
        while len(self._recent) > MAX_RECENT:
            self._recent.pop(next(iter(self._recent)), None)

    def add_feedback(self, answer: ServedAnswer) -> None:
        """Append an answer with its score; the caller holds the lock."""
        _append(self.feedback, answer)

    def new_feedback(self) -> list[ServedAnswer]:
        """The feedback that this and other processes have written since the last call."""
        answers, self._read_to, _ = read_answers(self.feedback, self._read_to)
        self._scores |= {a.id: a.score for a in answers}
        return answers

    def score_of(self, id: str) -> float | None:
        """The score that an answer had when feedback was last read; ``None`` if it had none."""
        return self._scores.get(id)

    def answer(self, id: str) -> ServedAnswer:
        """The answer of that id, given by this process or another.

        Raises:
            LcragError: there is none.
        """
        if id in self._recent:
            return self._recent[id]
        answers = {a.id: a for a in read_answers(self.answers)[0]}
        if id not in answers:
            hint = did_you_mean(str(id), list(answers)[-1000:]) if answers else "no answer was given yet."
            raise LcragError(f"{self.answers} has no answer {id!r}; {hint}")
        return answers[id]


def read_answers(path: Path, start: int = 0) -> tuple[list[ServedAnswer], int, int]:
    """The answers in a file from a byte on, the byte to go on from, and the number of damaged lines left out.

    A last line without an end is still being written, or was torn: it is left for the next time.

    Raises:
        LcragError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            file.seek(start)
            data = file.read()
    except FileNotFoundError:
        return [], start, 0
    except OSError as error:
        raise LcragError(f"{path} cannot be read ({error.strerror}): make it readable.") from error
    end = data.rfind(b"\n") + 1
    answers, damaged = [], 0
    for line in data[:end].split(b"\n"):
        if line.strip():
            try:
                answers.append(ServedAnswer.of(json.loads(line)))
            except (ValueError, RecursionError):
                damaged += 1
    return answers, start + end, damaged


def latest(answers: Iterable[ServedAnswer]) -> list[ServedAnswer]:
    """Each answer once, as it was scored last; in the order of their first lines."""
    return list({a.id: a for a in answers}.values())


def _append(path: Path, answer: ServedAnswer) -> None:
    line = json.dumps(answer.record())
    try:
        append_line(path, f"\n{line}" if _is_torn(path) else line)
    except OSError as error:
        raise LcragError(f"{path} could not be written ({error.strerror}): make room.") from error


def _is_torn(path: Path) -> bool:
    """Whether a crash has left a line without its end."""
    try:
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    except OSError:  # there is no file, or it is empty
        return False
