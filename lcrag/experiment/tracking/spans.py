"""What a row's ledger and steps say of its work, as the spans of a trace."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lcrag.schema import READER_ROLES, ROLES, Passage, Usage

if TYPE_CHECKING:
    from lcrag.judges.base import Verdict
    from lcrag.schema import Outcome, Question

TOKENS, DOLLARS = "mlflow.chat.tokenUsage", "mlflow.llm.cost"  # attributes that MLflow sums up
_PLACE = re.compile(r"(.+?)\[(\d+):(\d+)\](?:, |$)")  # a step of retrieval names its passages so
TYPES = {"retrieve": "RETRIEVER", "rerank": "RERANKER", "embed": "EMBEDDING", "judge": "EVALUATOR"}


@dataclass(frozen=True)
class Part:
    """One span below the root.

    Attributes:
        name: A role of the ledger, or ``judge`` with its metric.
        type: MLflow's type of span.
        input: What went in.
        output: What came out.
        seconds: How long it took.
        passages: The passages that a search returned, those with a text in the row with it.
        attributes: Tokens and dollars, where the ledger has them for this part alone.
    """

    name: str
    type: str
    input: Any = None
    output: Any = None
    seconds: float = 0.0
    passages: tuple[Passage, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)


def trace_usage(outcome: Outcome) -> dict[str, Any]:
    """Tokens and dollars of the whole answer; what judging it took is not the strategy's."""
    tokens = outcome.usage.sum(READER_ROLES)
    dollars = outcome.usage.sum(role for role in ROLES if role != "judge").dollars
    return _tokens(tokens) | _dollars(dollars)


def parts_of(outcome: Outcome, question: Question, verdicts: Mapping[str, Verdict]) -> list[Part]:
    """The row's steps in their order, then what the ledger has beside them, then the verdicts.

    A role's seconds are divided evenly over its steps. Its tokens and dollars are on its step if it is the only one.
    """
    counts = Counter(step.name for step in outcome.steps)
    parts = []
    shared = outcome.usage["build"] + outcome.usage["index"]
    if shared.calls or shared.seconds:
        note = "This question's share of what was built once for its documents."
        parts.append(Part("build", "TASK", output=note, seconds=shared.seconds, attributes=_both(shared)))
    for step in outcome.steps:
        usage = outcome.usage[step.name] if step.name in ROLES else Usage()
        seconds = usage.seconds / counts[step.name]
        places = [(d, int(start), int(end)) for d, start, end in _PLACE.findall(step.output)]
        attributes = _both(usage) if counts[step.name] == 1 else {}
        if step.name == "retrieve" and places:
            texts = {(p.document_id, p.start, p.end): p for p in outcome.evidence}
            passages = tuple(texts.get(place) or Passage("", *place) for place in places)
            parts.append(Part(step.name, "RETRIEVER", step.input, None, seconds, passages, attributes))
        else:
            parts.append(Part(step.name, "CHAT_MODEL", step.input, step.output, seconds, (), attributes))
    parts += [
        Part(role, TYPES[role], seconds=usage.seconds, attributes=_both(usage))
        for role in ("embed", "rerank")
        if (usage := outcome.usage[role]).calls  # type: ignore[index]
    ]
    judged = outcome.usage["judge"].seconds / max(1, len(verdicts))
    return parts + [
        Part(f"judge {name}", "EVALUATOR", {"question": question.text, "answer": outcome.answer},
             {"score": verdict.score, "reason": verdict.reason}, judged)
        for name, verdict in verdicts.items()
    ]  # fmt: skip


def _both(usage: Usage) -> dict[str, Any]:
    return (_tokens(usage) if usage.calls else {}) | _dollars(usage.dollars)


def _tokens(usage: Usage) -> dict[str, Any]:
    prompt, written = round(usage.prompt_tokens), round(usage.completion_tokens)
    amounts = {"input_tokens": prompt, "output_tokens": written, "total_tokens": prompt + written}
    if usage.cached_tokens:
        amounts["cache_read_input_tokens"] = round(usage.cached_tokens)
    return {TOKENS: amounts}


def _dollars(dollars: float | None) -> dict[str, Any]:
    """The ledger has one amount for prompt and answer, so MLflow gets the sum alone."""
    return {DOLLARS: {"input_cost": 0.0, "output_cost": 0.0, "total_cost": dollars}} if dollars else {}
