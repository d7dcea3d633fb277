"""The report's list of questions: answers side by side, who wins where, and the evidence, each text kept once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import pandas as pd

from lcrag.schema import Passage, Question, Span
from lcrag.tables import human, known

Evidence = Mapping[tuple[str, str], Sequence[Passage]]  # passages by question's id and strategy

CORRECT_THRESHOLD = 0.5  # an answer counts as right from this score on
MAX_EXCERPT = 300  # characters shown of a passage or of gold evidence
MAX_LISTED = (
    20_000  # passages under the answers of a page, so that it opens with 10,000 questions; at most 8 MiB
)
COLUMNS = (
    "question_id",
    "document_id",
    "kind",
    "question",
    "gold",
    "strategy",
    "answer",
    "error",
    "failure",
    "score",
    "read_prompt_tokens",
    "read_cached_tokens",
    "read_completion_tokens",
)  # what the list needs of the table of outcomes
WINNERS = (
    "second",
    "first",
    "both",
    "neither",
    "",
)  # of the pair that is compared; the last: not scored in both


class Texts:
    """The passages of a report, each once however many answers name it."""

    def __init__(self) -> None:
        self.entries: list[dict[str, str]] = []
        self._numbers: dict[tuple[str, int, int, str], int] = {}
        self._listed = 0

    def listed(self, passages: Sequence[Passage]) -> list[int]:
        """Where the passages of an answer are among ``entries``; none where the page is full."""
        if self._listed + len(passages) > MAX_LISTED:
            return []
        self._listed += len(passages)
        return [self._number(p) for p in passages]

    def _number(self, passage: Passage) -> int:
        text = excerpt(passage.text)
        key = (passage.document_id, passage.start, passage.end, text)
        if key not in self._numbers:
            self._numbers[key] = len(self.entries)
            self.entries.append({"place": place(passage), "text": text})
        return self._numbers[key]


def by_question(
    outcomes: pd.DataFrame,
    questions: Mapping[str, Question],
    evidence: Evidence,
    pair: tuple[str, str] | None,
    texts: Texts,
) -> list[dict[str, Any]]:
    """The questions with their gold, their answers and who wins, as the template shows them.

    Args:
        outcomes: the table of outcomes.
        questions: the questions by id, for their gold evidence; those that are missing are shown without.
        evidence: what each answer named.
        pair: the strategy that retrieves and long context.
        texts: receives the passages.
    """
    # records are made once for the whole table: pandas takes milliseconds for each frame, however small
    rows: dict[str, list[dict[str, Any]]] = {}
    for record in outcomes[outcomes.columns.intersection(COLUMNS)].to_dict("records"):
        rows.setdefault(record["question_id"], []).append(record)
    return [_question(name, rows[name], questions.get(name), evidence, pair, texts) for name in rows]


def _question(
    name: str,
    rows: Sequence[Mapping[str, Any]],
    question: Question | None,
    evidence: Evidence,
    pair: tuple[str, str] | None,
    texts: Texts,
) -> dict[str, Any]:
    spans = question.evidence if question else ()
    answers = [_answer(r, evidence.get((name, r["strategy"]), ()), spans, texts) for r in rows]
    gold = " | ".join(question.answers) if question and question.answerable else ""
    return {
        "id": name,
        "anchor": anchor(name),
        "document": rows[0]["document_id"],
        "kind": rows[0]["kind"],
        "text": rows[0].get("question") or (question.text if question else ""),
        "gold": rows[0].get("gold") or gold,
        "spans": [{"place": place(span), "text": excerpt(span.text)} for span in spans],
        "answers": answers,
        "right": sum(a["right"] is True for a in answers),
        "winner": _winner({a["strategy"]: a["right"] for a in answers}, pair),
    }


def _answer(
    row: Mapping[str, Any], passages: Sequence[Passage], spans: Sequence[Span], texts: Texts
) -> dict[str, Any]:
    score = float("nan") if pd.isna(row["score"]) else float(row["score"])
    numbers = texts.listed(passages)
    return {
        "strategy": row["strategy"],
        "answer": row["error"] or row.get("failure") or row["answer"],
        "failed": bool(row["error"] or row.get("failure")),
        "right": None if score != score else score >= CORRECT_THRESHOLD,
        "score": known(score, ".2f"),
        "prompt": human(float(row["read_prompt_tokens"])),
        "cached": human(float(row["read_cached_tokens"])),
        "written": human(float(row["read_completion_tokens"])),
        "passages": [
            {"number": n, "place": place(p), "gold": any(_overlap(p, s) for s in spans)}
            for n, p in zip(numbers, passages, strict=bool(numbers))
        ],
        "unlisted": len(passages) - len(numbers),
    }


def _winner(right: Mapping[str, bool | None], pair: tuple[str, str] | None) -> str:
    first, second = (right.get(pair[0]), right.get(pair[1])) if pair else (None, None)
    if first is None or second is None:
        return ""
    return ("both" if second else "first") if first else ("second" if second else "neither")


def wins(questions: Sequence[Mapping[str, Any]], pair: tuple[str, str] | None) -> list[tuple[str, str, int]]:
    """Who wins where: the class of questions, its name in words, and how many there are."""
    if not pair:
        return []
    first, second = pair
    words = (
        f"only {second} right",
        f"only {first} right",
        "both right",
        "neither right",
        "not scored in both",
    )
    numbers = Counter(q["winner"] for q in questions)
    return [(w, word, numbers[w]) for w, word in zip(WINNERS, words, strict=True) if w or numbers[w]]


def anchor(question_id: str) -> str:
    """The question's address on the page: the same in every report, and another for every other question."""
    return "q-" + quote(question_id, safe="", errors="replace")


def excerpt(text: str) -> str:
    """The beginning of a text."""
    return text if len(text) <= MAX_EXCERPT else text[:MAX_EXCERPT] + "…"


def place(piece: Passage | Span) -> str:
    """Where a piece stands in its document, in characters; only the document where that is not known."""
    return f"{piece.document_id} {piece.start}-{piece.end}" if piece.end > piece.start else piece.document_id


def _overlap(passage: Passage, span: Span) -> bool:
    same = passage.document_id == span.document_id
    return same and passage.start < span.end and span.start < passage.end
