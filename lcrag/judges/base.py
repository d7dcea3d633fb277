"""What a metric is that asks a model, and what it may do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, runtime_checkable

from lcrag.readers.base import Completion, Message, Reader
from lcrag.schema import Answer, Question

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Need = Literal["gold", "evidence", "passages"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a metric says of one answer.

    Attributes:
        score: From 0 to 1; ``None`` where the metric does not apply or its judge gave no verdict.
        reason: What the judge wrote, or why there is no score.
        unreadable: The judge replied without a verdict, also when it was asked again. Such an answer is unscored and
            counted, never wrong.
    """

    score: float | None
    reason: str = ""
    unreadable: bool = False


class JudgeTools(Protocol):
    """What a metric may do for one answer; everything is booked under ``judge``, never as the strategy's cost."""

    async def ask(
        self,
        messages: Sequence[Message],
        *,
        judge: Reader | None = None,
        max_tokens: int = 64,
        begin: tuple[str, ...] = (),
        temperature: float = 0.0,
        sample: int = 0,
    ) -> Completion:
        """Ask the judge, by default the experiment's reader; a reply that is on disk is not asked for again.

        Args:
            messages: the chat.
            judge: who is asked.
            max_tokens: maximum tokens of the reply.
            begin: the reply must begin with one of these, where the reader can constrain its decoding.
            temperature: 0 for greedy decoding.
            sample: tells requests apart that are the same otherwise, such as a second try.
        """

    async def embed(self, texts: Sequence[str], kind: Literal["query", "document"]) -> NDArray[np.float32]:
        """Unit vectors of the experiment's embedder, shape (texts, dimension)."""

    async def embed_tokens(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """For each text the experiment's embedder's unit vectors of its tokens, shape (tokens, dimension).

        Raises:
            LcragError: there is no embedder, or it gives no vectors of tokens.
        """


@runtime_checkable
class Calibrated(Protocol):
    """A judged metric that may decide once its judge was held against labels.

    Attributes:
        calibration: The file that ``lcrag judge check`` has written for this judge.
        uncalibrated: Whether it may decide without one.
    """

    calibration: Path | None
    uncalibrated: bool


class JudgedMetric(ABC):
    """Scores an answer by asking a model.

    Subclasses are frozen dataclasses with a field ``name``, the key of the scores in ``Outcome.scores``.

    Attributes:
        needs: What of question and answer must be there; the metric does not apply to other answers.
    """

    name: str
    needs: ClassVar[frozenset[Need]] = frozenset()

    @abstractmethod
    async def score(self, question: Question, answer: Answer, tools: JudgeTools) -> Verdict:
        """Judge one answer.

        Raises:
            LcragError: the judge cannot be asked.
        """

    def applies(self, question: Question, answer: Answer) -> bool:
        """Whether everything is there that the metric needs."""
        there = {
            "gold": bool(question.answers) or not question.answerable,
            "evidence": bool(question.evidence),
            "passages": bool(answer.evidence),
        }
        return all(there[need] for need in self.needs)

    def check_may_decide(self) -> None:  # noqa: B027  a judge that is not to be checked may stay as it is
        """Refuse to let the metric decide; by default it may.

        Raises:
            LcragError: the judge was not held against labels.
        """
