"""Retrieve-then-reason: quote facts from the whole text, then answer from the facts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lcrag.datasets.evidence import locate
from lcrag.metrics.declining import declines
from lcrag.metrics.faithfulness import hallucinated, nearest_sentence, unlike_any
from lcrag.readers.base import Message
from lcrag.schema import Answer, Document, Passage, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.prompts import (
    after_answer,
    answer_block,
    answer_tokens,
    chat,
    list_items,
    question_block,
    text_block,
)
from lcrag.strategies.pieces.truncation import Truncate, fit
from retrievers.chunkers.sentence import sentences

Matcher = Literal["exact", "fuzzy", "semantic"]
COPY = (
    "Copy, word for word, the sentences of the text that the answer needs, "
    'each on a line of its own that begins with "- ". If there are none, write "none".'
)
QUOTE = "Do not answer yet. " + COPY
BOTH = (
    "Work in two steps. "
    + COPY
    + " Then write, on a line of its own, the word Answer and a colon, and the answer in a few words."
)
_ANSWERED = re.compile(r"^\W*answer\s*:", re.IGNORECASE | re.MULTILINE)


def retrieve_prompt(question: Question, text: str) -> tuple[Message, ...]:
    """The first call of two: quote the facts; ``text`` is the documents' block."""
    return chat(text + question_block(question, QUOTE))


def reason_prompt(
    question: Question, facts: Sequence[str], text: str = "", allow_decline: bool = True
) -> tuple[Message, ...]:
    """The second call of two: answer from the facts, and from the documents' block ``text`` if it is given."""
    facts_block = "\n".join(f"- {fact}" for fact in facts) or "(no facts were found)"
    source = "this text" if text else "a longer text"
    ending = answer_block(question, allow_decline)
    return chat(f"{text}Facts quoted from {source}:\n{facts_block}\n\n{ending}")


def passages_of(facts: Sequence[str], documents: Sequence[Document]) -> list[Passage]:
    """The first place of each fact in the documents; facts that are in none are left out."""
    places = (next(filter(None, (locate(d, fact) for d in documents)), None) for fact in facts)
    return [Passage(span.text, span.document_id, span.start, span.end) for span in places if span]


@dataclass(frozen=True)
class RetrieveThenReason(Strategy):
    """Quote facts from the whole document, then answer from the facts (ALR^2, Li et al. 2024, arXiv 2410.03227).

    ALR^2 by prompting, without its training: the first call quotes facts word for word, p(z|q,c), the second answers
    from them, p(y|z,q,c). Facts that are not in the source are invented; counting them is the paper's diagnostic.
    ``notes``: ``facts``; ``hallucinated_facts`` by the exact matcher, ``hallucinated_facts_fuzzy`` and ``_semantic`` by
    the others; with ``verify`` also ``dropped_facts`` and ``snapped_facts``. The facts are the answer's ``quotes``;
    those found in the source are its evidence.

    Attributes:
        calls: ``one`` asks for facts and answer in a single reply.
        verify: what happens between the calls to facts that are not in the source: nothing (``off``), they are
            left out (``drop``), or replaced by the most similar sentence of the source (``snap``; left out if
            none is similar).
        reason_on: what the second call sees: the ``facts`` alone, or ``facts_and_text``, as training pairs do.
        matchers: how facts are compared with the source; ``semantic`` embeds facts and sentences.
        fact_tokens: maximum tokens of the quoted facts.
        max_tokens: maximum tokens of the answer.
        truncate: what to do when the document does not fit.
        allow_decline: tell the reader that it may answer "unanswerable".

    Differs from the paper: the reader is prompted, not trained; the second call does not see the text by default.
    """

    name: str = "retrieve_then_reason"
    calls: Literal["two", "one"] = "two"
    verify: Literal["off", "drop", "snap"] = "off"
    reason_on: Literal["facts", "facts_and_text"] = "facts"
    matchers: tuple[Matcher, ...] = ("exact", "fuzzy")
    fact_tokens: int = 96
    max_tokens: int = 48
    truncate: Truncate = "error"
    allow_decline: bool = True
    document_first = True
    card = Card(
        "ALR², arXiv 2410.03227",
        "2",
        "D",
        "the reader copies faithfully from long texts but reasons poorly over them",
        core=True,
        case=(
            "trained: at least +8.4 EM on long HotpotQA, +7.9 on long SQuAD (abstract); prompted as here: "
            "not measured"
        ),
    )

    def __post_init__(self) -> None:
        if self.calls == "one" and (self.verify != "off" or self.reason_on != "facts"):
            raise ValueError("verify and reason_on act between the calls: they need `calls: two`.")

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One or two calls; the second is made even without facts, so that the model can decline."""
        originals = tools.documents(question)
        instruction = (
            question_block(question, QUOTE)
            if self.calls == "two"
            else answer_block(question, self.allow_decline, form=BOTH)
        )
        # both calls leave the same room for the completion, so that they share the cut text and its prefix
        longest = self.fact_tokens + answer_tokens(question, self.max_tokens)
        documents, truncation = fit(question, originals, instruction, tools, longest, self.truncate)
        text = text_block(documents)
        first = await tools.read(
            retrieve_prompt(question, text) if self.calls == "two" else chat(text + instruction),
            max_tokens=self.fact_tokens if self.calls == "two" else longest,
            prefix_chars=len(text),
        )
        answer_mark = _ANSWERED.search(first.text) if self.calls == "one" else None
        facts = list_items(
            first.text[: answer_mark.start()] if answer_mark else first.text, marked_only=self.calls == "one"
        )
        notes = await self._notes(facts, originals, tools)
        if self.calls == "one":
            answer = after_answer(first.text)
        else:
            verified = self._verified(facts, originals, notes)
            seen = text if self.reason_on == "facts_and_text" else ""
            messages = reason_prompt(question, verified, seen, self.allow_decline)
            second = await tools.read(
                messages, max_tokens=answer_tokens(question, self.max_tokens), prefix_chars=len(seen)
            )
            answer = second.text
        return Answer(
            answer,
            tuple(passages_of(facts, originals)),
            declined=declines(answer),
            truncation=truncation,
            notes=notes,
            quotes=tuple(facts),
        )

    def _verified(
        self, facts: Sequence[str], documents: Sequence[Document], notes: dict[str, float]
    ) -> list[str]:
        if self.verify == "off":
            return list(facts)
        source = "\n".join(d.text for d in documents)
        verified, snapped = [], 0
        for fact, missing in zip(facts, hallucinated(facts, source), strict=True):
            if not missing:
                verified.append(fact)
            elif self.verify == "snap" and (near := nearest_sentence(fact, source)):
                verified.append(near)
                snapped += 1
        notes |= {"dropped_facts": len(facts) - len(verified), "snapped_facts": snapped}
        return list(dict.fromkeys(verified))

    async def _notes(
        self, facts: Sequence[str], documents: Sequence[Document], tools: Toolbox
    ) -> dict[str, float]:
        source = "\n".join(d.text for d in documents)
        notes: dict[str, float] = {"facts": len(facts)}
        if "exact" in self.matchers:
            notes["hallucinated_facts"] = sum(hallucinated(facts, source))
        if "fuzzy" in self.matchers:
            notes["hallucinated_facts_fuzzy"] = sum(hallucinated(facts, source, fuzzy=True))
        if "semantic" in self.matchers:
            texts = [source[s:e] for s, e in sentences(source) if source[s:e].strip()]

            async def embed(build: Toolbox) -> Any:
                return await build.embed(texts, "build")

            vectors = await tools.build("facts:sentences", [d.id for d in documents], embed)
            missing = unlike_any(await tools.embed(facts), vectors) if facts else []
            notes["hallucinated_facts_semantic"] = sum(missing)
        return notes
