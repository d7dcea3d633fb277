"""Several judged metrics vote on each answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lcrag.errors import LcragError
from lcrag.judges.base import JudgedMetric, JudgeTools, Verdict
from lcrag.readers.base import OPERATIONAL
from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class Panel(JudgedMetric):
    """The majority of several judges (after PoLL, arXiv 2404.18796).

    Each member that applies votes 1 where its score reaches ``correct_threshold``, else 0. The score is what more than
    half of these members vote for. An equal vote is a tie. A member whose judge gave no verdict does not vote; where
    no majority can be counted for that reason, the answer is unscored. ``Verdict.reason`` says how many agreed, and
    each vote.

    Differs from the paper: an even number of members is allowed and may tie; a vote without a verdict is not guessed.

    Attributes:
        members: Judged metrics with different names, at least two.
        name: The key of its scores.
        correct_threshold: The score from which a member votes that the answer is right.
        tie: The score of a tie; ``None`` leaves the answer unscored.
        calibration: The file that ``lcrag judge check`` has written for this panel.
        uncalibrated: Decide without a calibration.

    Raises:
        LcragError: there are fewer than two members, one is not a judged metric, or two have one name.
    """

    members: tuple[JudgedMetric, ...]
    name: str = "panel"
    correct_threshold: float = 0.5
    tie: float | None = None
    calibration: Path | None = field(default=None, metadata=OPERATIONAL)
    uncalibrated: bool = field(default=False, metadata=OPERATIONAL)

    def __post_init__(self) -> None:
        object.__setattr__(self, "members", tuple(self.members))
        if len(self.members) < 2:
            raise LcragError(f"{self.name}: a panel needs at least two members, not {len(self.members)}.")
        for member in self.members:
            if not isinstance(member, JudgedMetric):
                raise LcragError(
                    f"{self.name}: the member {member.name!r} asks no judge: name it in `metrics` beside the panel."
                )
        repeated = next((n for n, count in Counter(m.name for m in self.members).items() if count > 1), None)
        if repeated is not None:
            raise LcragError(f"{self.name}: two members have the name {repeated!r}: give one another `name`.")
        if self.tie is not None and not 0 <= self.tie <= 1:
            raise LcragError(f"{self.name}: tie must be from 0 to 1, not {self.tie}.")
        if not 0 < self.correct_threshold <= 1:
            raise LcragError(
                f"{self.name}: correct_threshold must be above 0 and at most 1, not {self.correct_threshold}."
            )

    def applies(self, question: Question, answer: Answer) -> bool:
        """Whether any member applies."""
        return any(member.applies(question, answer) for member in self.members)

    async def score(self, question: Question, answer: Answer, tools: JudgeTools) -> Verdict:
        """Ask all members that apply, at once."""
        members = [member for member in self.members if member.applies(question, answer)]
        verdicts = await asyncio.gather(*(member.score(question, answer, tools) for member in members))
        scores = [verdict.score for verdict in verdicts]
        votes = [None if score is None else int(score >= self.correct_threshold) for score in scores]
        each = "; ".join(_told(m, v, vote) for m, v, vote in zip(members, verdicts, votes, strict=True))
        winner = majority(votes)
        if winner is not None:
            return Verdict(float(winner), f"{votes.count(winner)} of {len(votes)} agree ({each})")
        if None in votes:
            unreadable = any(verdict.unreadable for verdict in verdicts)
            return Verdict(
                None, f"no majority: {votes.count(None)} of {len(votes)} gave no vote ({each})", unreadable
            )
        return Verdict(self.tie, f"a tie ({each})")


def majority(votes: Sequence[int | None]) -> int | None:
    """What more than half of the votes are, counting those that are missing; ``None`` if nothing is."""
    return next((vote for vote in (0, 1) if 2 * votes.count(vote) > len(votes)), None)


def _told(member: JudgedMetric, verdict: Verdict, vote: int | None) -> str:
    if vote is None:
        return f"{member.name}: no vote"
    reason = " ".join(verdict.reason.split())
    return f"{member.name}: {vote}, {reason}" if reason else f"{member.name}: {vote}"
