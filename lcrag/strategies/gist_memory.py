"""Gist memory: short versions of all pages, and the full text of the pages that matter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from lcrag.memory.store import Item, Memory, digest
from lcrag.metrics.declining import declines
from lcrag.readers.base import Completion
from lcrag.schema import Answer, Document, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.prompts import answer_block, chat, question_block
from lcrag.strategies.pieces.remembering import passage
from retrievers.chunkers.sentence import iter_sentences

SHORTEN = "Shorten this page to its essence, without explaining what you do."
PAUSE = (
    "The text is marked with numbers. After which number is a natural place to pause, such as a change of scene, topic "
    "or argument? Write the number and nothing else."
)
PAGES = "Which of these pages must be read in full to answer? Write the numbers of at most {max_pages} pages, or none."
PAGE = "Read so far in full: {read}. Which one page do you want to read next? Write its number, or STOP."


@dataclass(frozen=True)
class GistMemory(Strategy):
    """Shorten every page to a gist, then read the pages that matter in full (ReadAgent, Lee et al., arXiv 2402.09727).

    The text is cut into pages at natural pauses, which the reader chooses, and each page is shortened to a gist. For a
    question the reader sees all gists and chooses pages; these pages replace their gists in the last prompt. A reply
    without a page number chooses none. ``notes``: ``pages``, ``looked_up``.

    Attributes:
        look_up: ``parallel`` chooses all pages in one call (ReadAgent-P), ``sequential`` one page per call and
            sees what it has read (ReadAgent-S).
        max_pages: maximum pages read in full.
        max_page_words: maximum words of a page.
        min_page_words: minimum words of a page.
        gist_tokens: maximum tokens of a gist.
        max_tokens: maximum tokens of the answer.
        allow_decline: tell the reader that it may answer "unanswerable".

    Differs from the paper: gists have at most ``gist_tokens`` tokens; two pages are looked up, not up to six.
    """

    name: str = "gist_memory"
    look_up: Literal["parallel", "sequential"] = "parallel"
    max_pages: int = 2
    max_page_words: int = 600
    min_page_words: int = 280
    gist_tokens: int = 96
    max_tokens: int = 48
    allow_decline: bool = True
    card = Card(
        "ReadAgent, arXiv 2402.09727", "2; sequential: up to max_pages + 2", "2·N·gist + max_pages·page",
        "few pages of a story or of minutes decide, but any page may matter", "2·D",
        case=(
            "PaLM 2-L: ahead of the full text and of retrieval on QuALITY, NarrativeQA and QMSum, with an "
            "effective window 3.5 to 20 times as long (abstract)"
        ),
    )  # fmt: skip

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One call or several to choose pages, one to answer."""
        pages = [p for d in tools.documents(question) for p in (await self._memory(d, tools)).items]
        selected = await (self._parallel if self.look_up == "parallel" else self._sequential)(
            pages, question, tools
        )
        ending = answer_block(question, self.allow_decline)
        completion = await _ask(pages, selected, ending, self.max_tokens, tools)
        return Answer(
            completion.text,
            tuple(passage(pages[i]) for i in selected),
            declined=declines(completion.text),
            notes={"pages": len(pages), "looked_up": len(selected)},
        )

    async def _parallel(self, pages: Sequence[Item], question: Question, tools: Toolbox) -> list[int]:
        ask = question_block(question, PAGES.format(max_pages=self.max_pages))
        reply = await _ask(pages, [], ask, 24, tools)
        return _numbers(reply.text, len(pages))[: self.max_pages]

    async def _sequential(self, pages: Sequence[Item], question: Question, tools: Toolbox) -> list[int]:
        selected: list[int] = []
        for _ in range(self.max_pages):
            read = ", ".join(str(i + 1) for i in selected) or "none"
            ask = question_block(question, PAGE.format(read=read))
            reply = await _ask(pages, selected, ask, 12, tools)
            new = [i for i in _numbers(reply.text, len(pages)) if i not in selected]
            if not new:
                break
            selected.append(new[0])
        return selected

    async def _memory(self, document: Document, tools: Toolbox) -> Memory:
        """The document's pages, each with its gist as key."""
        name = f"gist:{self.max_page_words}:{self.min_page_words}:{self.gist_tokens}:{document.id}"

        async def make(build: Toolbox) -> Memory:
            memory = build.memory(name)
            build.book(memory.spent)
            stored = {item.source: item for item in memory.items}
            sources: set[str] = set()
            at = 0
            while document.text[at:].strip():
                window = _window(document.text, at, self.max_page_words)
                source = f"{at}:{digest(document.text[at : window[-1]])}"
                if source not in stored:
                    page = partial(self._page, document, source, at, window)
                    item, cost = await build.metered(page)
                    memory.change(add=[item], cost=cost)
                    stored[source] = item
                sources.add(source)
                at = stored[source].end
            memory.change(remove=[i.id for i in memory.items if i.source not in sources])
            return memory

        return await tools.build(name, [document.id], make)

    async def _page(
        self, document: Document, source: str, at: int, ends: Sequence[int], tools: Toolbox
    ) -> Item:
        """The page that begins at ``at`` and ends at one of ``ends``, with its gist."""
        end = await self._pause(document.text, at, ends, tools)
        page = Item(document.text[at:end], source, document_id=document.id, start=at, end=end)
        ask = f"{page.text.strip()}\n\n{SHORTEN}"
        gist = await tools.read(chat(ask, "You shorten texts."), max_tokens=self.gist_tokens, role="build")
        return replace(page, key=gist.text or page.text[:200])

    async def _pause(self, text: str, at: int, ends: Sequence[int], tools: Toolbox) -> int:
        """The end that the reader chooses; the last one if it names none."""
        places = [e for e in ends if len(text[at:e].split()) >= self.min_page_words]
        if len(places) < 2 or not text[ends[-1] :].strip():
            return ends[-1]
        marked, last = "", at
        for number, place in enumerate(places, start=1):
            marked, last = f"{marked}{text[last:place]} <{number}>", place
        ask = chat(f"{marked.strip()}\n\n{PAUSE}", "You find pauses in texts.")
        reply = await tools.read(ask, max_tokens=8, role="build")
        selected = _numbers(reply.text, len(places))
        return places[selected[0]] if selected else ends[-1]


def _window(text: str, at: int, words: int) -> list[int]:
    """Sentence ends at which a page of at most ``words`` words that begins at ``at`` may end; at least one."""
    ends: list[int] = []
    for _, end in iter_sentences(text[at:]):
        if ends and len(text[at : at + end].split()) > words:
            break
        ends.append(at + end)
    return ends


async def _ask(
    pages: Sequence[Item], opened: Sequence[int], ask: str, max_tokens: int, tools: Toolbox
) -> Completion:
    """Ask about all pages in order: the opened ones in full, the others as gists.

    The pages before the first opened one begin every prompt on the documents, so that they are declared as prefix.
    """
    blocks = [
        f"Page {i + 1}:\n{p.text.strip()}\n\n"
        if i in opened
        else f"Page {i + 1} (shortened):\n{p.key.strip()}\n\n"
        for i, p in enumerate(pages)
    ]
    shared = "".join(blocks[: min(opened, default=len(blocks))])
    return await tools.read(chat("".join(blocks) + ask), max_tokens=max_tokens, prefix_chars=len(shared))


def _numbers(text: str, count: int) -> list[int]:
    """Positions (from 0) of the numbers (from 1) in a reply, without duplicates."""
    numbers = [int(n) - 1 for n in re.findall(r"\d+", text)]
    return [n for n in dict.fromkeys(numbers) if 0 <= n < count]
