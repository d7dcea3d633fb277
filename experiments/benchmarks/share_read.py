"""Which share of a long text each strategy reads: the table of docs/strategies.md between its coverage marks."""

# Not named coverage: numba imports a package of that name when these scripts' folder is on the path.

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from embedders.tokens import CHARS_PER_TOKEN, estimate_tokens
from lcrag.components import build, find, names
from lcrag.components.catalogue import markdown
from lcrag.readers.base import Message
from lcrag.readers.scripted import ScriptedReader
from lcrag.runtime.resources import Resources
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.schema import Document, Question
from lcrag.strategies import Strategy
from lcrag.testing.world import WordEmbedder
from retrievers.bm25 import BM25Retriever

TOKENS = 60_000
PARTS = {  # strategies that need others, which stand for any
    "cascade": {"strategies": ["chunked_retrieval", "long_context"]},
    "ensemble": {"strategies": ["chunked_retrieval", "self_route"]},
    "routed": {"router": "lara_rule", "strategies": ["chunked_retrieval", "long_context"]},
}
MARK = re.compile(r"\b[SE]\d{5}\b")  # the first and the last word of a sentence


class LongReader(ScriptedReader):
    """A scripted reader with a long window that estimates tokens from characters."""

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return sum(estimate_tokens(len(m.content)) for m in messages)


@dataclass(frozen=True)
class Coverage:
    """The shares of a text's sentence ends in the prompts to the language model, 0 to 1.

    Attributes:
        question: in the prompts of one question.
        total: in these or in those made once per document.
    """

    question: float
    total: float


def document(tokens: int = TOKENS, seed: int = 0) -> Document:
    """A text of chapters with words of their own; each sentence begins and ends with its number."""
    rng = random.Random(seed)
    sentences, chars = [], 0
    while chars < tokens * CHARS_PER_TOKEN:
        chapter = chars * 20 // round(tokens * CHARS_PER_TOKEN)
        words = [
            f"{rng.choice('bdfgklm')}{'aeiou'[chapter % 5]}r{chapter}n{rng.randrange(30)}" for _ in range(8)
        ]
        number, gap = f"{len(sentences):05}", rng.choice(("", "", "", "\n\n"))
        sentences.append(f"S{number} {' '.join(words)} E{number}.{gap}")
        chars += len(sentences[-1]) + 1
    return Document("long", " ".join(sentences))


def covered(strategy: Strategy, text: Document) -> Coverage:
    """What a strategy reads to answer a question about a fact in the middle of a text; no answer is declined."""
    middle = text.text[len(text.text) // 2 :].split(". ")[1]
    question = Question(
        "q", f"What about {' '.join(middle.split()[1:4])}?", (text.id,), ("Bergen",), "location"
    )
    demonstrations = [
        Question(f"d{n}", f"Which of {n}?", ("other",), ("Bergen",), "location") for n in range(4)
    ]
    reader = LongReader(lambda request: "Bergen.", context_window=2 * TOKENS)
    documents = {text.id: text, "other": Document("other", "Bergen is a town. " * 20)}
    shared = Resources(
        reader,
        documents,
        BM25Retriever(),
        WordEmbedder(),
        questions=[question.document_ids],
        demonstration_pool=demonstrations,
    )
    asyncio.run(strategy.answer(question, MeteredToolbox(shared, salt=strategy.name)))
    per_question, total = set(), set()
    for request in reader.requests:
        marks = {s for m in request.messages for s in MARK.findall(m.content)}
        total |= marks
        if not request.cache_salt.startswith("build:"):
            per_question |= marks
    count = len(set(MARK.findall(text.text)))
    return Coverage(len(per_question) / count, len(total) / count)


@cache
def coverage() -> dict[str, Coverage]:
    """The coverage of each strategy with its default settings."""
    text = document()
    return {
        name: covered(build("strategy", {"type": name, **PARTS.get(name, {})}, "coverage"), text)
        for name in names("strategy")
    }


def table() -> str:
    """The coverage of all strategies, the most complete first, as Markdown."""
    rows = [
        (f"{c.question:.0%}", f"{c.total:.0%}", name, bool(find("strategy", name).card.build))
        for name, c in coverage().items()
    ]
    rows.sort(key=lambda row: (-int(row[1][:-1]), -int(row[0][:-1]), row[2]))
    cells = [[f"`{name}`", question, total if builds else "="] for question, total, name, builds in rows]
    return markdown(["strategy", "read for a question", "with what is read once per document"], cells)


if __name__ == "__main__":
    print(table())
