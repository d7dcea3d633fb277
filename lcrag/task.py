"""How a benchmark's questions are asked, scored and averaged."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Task:
    """How a benchmark's questions are asked, scored and averaged, in plain values.

    Every strategy asks in the words of ``instruction``. The templates are the authors' own prompts, to the letter, for
    long-context prompting and for retrieval; other strategies keep their own frame around ``instruction``.

    Attributes:
        name: The task's name in the benchmark, such as ``hotpotqa``.
        instruction: How the answer is asked for, in place of "Answer in a few words.".
        max_tokens: Maximum tokens of the answer; 0 leaves it to the strategy.
        allow_decline: Whether the reader may be told that it may decline, as far as the strategy does that.
        template: The whole prompt with the fields ``{context}``, ``{question}`` and ``{choices}``; empty for lcrag's
            own, document first and question last.
        passages_template: The same for retrieved passages; empty for ``template``.
        passage_template: One passage in ``{context}``, with the fields ``{number}`` (from 1), ``{index}`` (from 0) and
            ``{text}``.
        choice_template: One line of ``{choices}``, with the fields ``{letter}`` and ``{text}``.
        system: The system message of the templates; empty for none.
        stop: Strings that end an answer to the templates.
        cleaning: How the answer is cut out of the reply, names of ``lcrag.metrics.cleaning``, applied in order.
        metric: The metric that decides, by its name.
        average: Keys of ``Question.metadata`` over which scores are averaged in turn, the outermost first:
            ``("task", "genre")`` is the mean over tasks of the mean over genres. Empty for the mean over questions.
        together: The key of ``Question.metadata`` whose questions count as one, which is right if all are (NoCha's
            pairs).
    """

    name: str
    instruction: str = ""
    max_tokens: int = 0
    allow_decline: bool = False
    template: str = ""
    passages_template: str = ""
    passage_template: str = "{text}\n\n"
    choice_template: str = "{letter}. {text}"
    system: str = ""
    stop: tuple[str, ...] = ()
    cleaning: tuple[str, ...] = ()
    metric: str = "accuracy"
    average: tuple[str, ...] = ()
    together: str = ""

    def __post_init__(self) -> None:
        for name in ("stop", "cleaning", "average"):
            object.__setattr__(self, name, tuple(getattr(self, name)))

    def asked(self) -> dict[str, Any]:
        """What an answer depends on: everything but scoring and averaging."""
        scoring = ("cleaning", "metric", "average", "together")
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in scoring}
