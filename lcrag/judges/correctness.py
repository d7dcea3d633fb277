"""Whether an answer is correct by the reference, judged by a model under a rubric."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from lcrag.errors import LcragError
from lcrag.judges.base import JudgedMetric, JudgeTools, Need, Verdict
from lcrag.judges.framing import caution
from lcrag.judges.parse import ask_verdict, instruction
from lcrag.judges.rubric import SYSTEM, Name, Rubric, load_rubric
from lcrag.readers.base import OPERATIONAL, Message, Reader
from lcrag.schema import Answer, Question

MAX_TOKENS = 10  # LongMemEval's evaluate_qa.py; a verdict is one word
MAX_TOKENS_WITH_REASONS = 512


@dataclass(frozen=True)
class Correctness(JudgedMetric):
    """A judge compares the answer with the gold answer under a rubric.

    Rubrics: ``lara`` (correct or not, and whether an answer to an unanswerable question says so; arXiv 2502.09977),
    ``longmemeval`` (prompts by kind of question; arXiv 2410.10813), ``simpleqa`` (correct, incorrect or not attempted;
    arXiv 2411.04368), or a YAML file of one's own (docs/judges.md). ``Verdict.reason`` begins with the judge's word.

    Differs from the paper: a verdict is the word that the reply begins with, never a word anywhere in it; the answer
    stands between marks, so that an instruction in it is read as data; a reply without a verdict is asked for once
    more. LongMemEval's and SimpleQA's prompts have the content of theirs in other words.

    Attributes:
        name: The key of its scores.
        judge: Who is asked; ``None`` for the experiment's reader.
        rubric: A name, or the path of a YAML file.
        max_tokens: Maximum tokens of a reply; ``None`` for 10, or 512 where the rubric wants reasons first. A reasoning
            model needs more.
        calibration: The file that ``lcrag judge check`` has written for this judge.
        uncalibrated: Decide without a calibration.

    Raises:
        LcragError: there is no such rubric, its file is not a rubric, or ``max_tokens`` is below 1.
    """

    name: str = "correctness"
    judge: Reader | None = None
    rubric: Name | Path = "lara"
    max_tokens: int | None = None
    calibration: Path | None = field(default=None, metadata=OPERATIONAL)
    uncalibrated: bool = field(default=False, metadata=OPERATIONAL)
    needs: ClassVar[frozenset[Need]] = frozenset({"gold"})

    def __post_init__(self) -> None:
        if self.max_tokens is not None and self.max_tokens < 1:
            raise LcragError(f"{self.name}: max_tokens must be at least 1, not {self.max_tokens}.")
        self._rubric  # noqa: B018 - a file that is not a rubric is refused before anything is spent

    @cached_property
    def _rubric(self) -> Rubric:
        return load_rubric(self.rubric)

    def fingerprint(self) -> str:
        """Names the rubric's content, so that scores are made again when its file has changed."""
        return hashlib.sha256(json.dumps(asdict(self._rubric)).encode()).hexdigest()[:16]

    def applies(self, question: Question, answer: Answer) -> bool:
        """Whether there is a gold answer, a prompt for such questions, and passages if the prompt shows them."""
        prompt = self._rubric.prompt_for(question)
        shows_passages = "{passages}" in prompt
        return (
            bool(prompt)
            and super().applies(question, answer)
            and (not shows_passages or bool(answer.evidence))
        )

    async def score(self, question: Question, answer: Answer, tools: JudgeTools) -> Verdict:
        """Ask the judge for one answer."""
        rubric = self._rubric
        words = tuple(rubric.verdicts)
        marks = ("answer", "passages") if "{passages}" in rubric.prompt_for(question) else ("answer",)
        content = f"{rubric.filled(question, answer)}\n{instruction(words, rubric.reasons_first)}"
        default = MAX_TOKENS_WITH_REASONS if rubric.reasons_first else MAX_TOKENS
        reply = await ask_verdict(
            tools,
            (Message("system", f"{SYSTEM} {caution(*marks)}"), Message("user", content)),
            words,
            judge=self.judge,
            max_tokens=self.max_tokens or default,
            reasons_first=rubric.reasons_first,
        )
        if reply.verdict is None:
            return Verdict(None, reply.text, unreadable=True)
        reason = f"{reply.verdict}: {reply.text}" if rubric.reasons_first else reply.verdict
        return Verdict(rubric.verdicts[reply.verdict], reason)
