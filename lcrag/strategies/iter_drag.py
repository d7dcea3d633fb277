"""IterDRAG: a question taken apart, with retrieval for each part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from lcrag.metrics.declining import declines
from lcrag.metrics.score import score
from lcrag.readers.base import Message
from lcrag.schema import Answer, Passage, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.drag import check, over
from lcrag.strategies.pieces.demonstrations import documents_block, example
from lcrag.strategies.pieces.passages import merged
from lcrag.strategies.pieces.prompts import DECLINE, chat, question_block
from retrievers.base import Retriever

FOLLOW, INTERMEDIATE, FINAL = "Follow up: ", "Intermediate answer: ", "So the final answer is: "
INSTRUCTION = (
    "You are an expert in question answering. Take a question apart where that helps: write a follow-up question "
    f'on a line that begins with "{FOLLOW}", its answer on a line that begins with "{INTERMEDIATE}", and at the end '
    f'the answer on a line that begins with "{FINAL}". Contexts may be beside the point.\n\n'
)


@dataclass
class _Trace:
    """What one question has led to so far."""

    passages: list[Passage]
    lines: list[str] = field(default_factory=list)
    iterations: int = 0
    unprefixed: int = 0
    capped: int = 0
    final: str = ""


@dataclass(frozen=True)
class IterDRAG(Strategy):
    """Iterative demonstration-based RAG (Yue et al. 2024, arXiv 2410.04343, section 3.3): theta = (k, m, n).

    Up to ``n`` times the reader asks a follow-up question, its documents are retrieved and added, and the reader
    answers it; then it gives the final answer. Every reply begins with one of Self-Ask's three prefixes (Press et al.
    2023, arXiv 2210.03350); readers that can constrain their decoding do. A reply without a prefix is a follow-up if
    it ends with a question mark, else the final answer. Demonstrations are traces of the same loop on other
    questions, kept only where their answer is right, built once for all questions and booked under ``build``.

    At most 2n + 1 calls. ``notes``: ``iterations``, ``demonstrations``, ``effective_context`` (prompt tokens of all
    calls), ``unprefixed`` (replies without their prefix), ``capped`` (1 if the cap ended the iterations).

    Attributes:
        k: documents for each question and follow-up.
        m: questions that demonstrations are built from.
        n: iterations at most (5 as published).
        max_context: tokens of effective context at most; the iterations end when the next call would leave no room for
            the final answer, what no longer fits into the final call is left out of it, and a question whose final
            call alone is over it is an error before it is asked.
        retriever: takes the place of the experiment's.
        step_tokens: tokens of a follow-up or intermediate answer at most.
        max_tokens: tokens of the answer at most.
        allow_decline: offer to answer "unanswerable".
    """

    name: str = "iter_drag"
    k: int = 3
    m: int = 2
    n: int = 5
    max_context: int | None = None
    retriever: Retriever | None = None
    step_tokens: int = 48
    max_tokens: int = 48
    allow_decline: bool = True
    card = Card(
        "IterDRAG, arXiv 2410.04343", "1 to 2n + 1", "Σ m·k·c·i + k·c·i",
        "questions of several hops, and 128k tokens or more to spend", "m traces",
    )  # fmt: skip

    def __post_init__(self) -> None:
        check(self.k, self.m, self.max_context)
        if self.n < 1:
            raise ValueError(f"n = {self.n}: at least one iteration is needed.")

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """The loop, with demonstrations before it."""
        examples = await self._demonstrations(question, tools) if self.m else []
        trace = await self._loop(question, examples, tools)
        said = trace.final
        return Answer(
            said,
            tuple(trace.passages),
            declined=declines(said),
            notes={
                "iterations": trace.iterations,
                "demonstrations": len(examples),
                "effective_context": tools.input_tokens,
                "unprefixed": trace.unprefixed,
                "capped": trace.capped,
            },
        )

    async def _loop(self, question: Question, examples: Sequence[str], tools: Toolbox) -> _Trace:
        """Before each call there is room for the final answer after it, on the trace as it then stands."""
        found = await tools.retrieve(question.text, question, self.k, self.retriever) if self.k else []
        trace = _Trace(found)

        def room(trace: _Trace, *begins: tuple[str, ...]) -> bool:
            needed = self._needed(question, examples, trace, tools, *begins)
            return self.max_context is None or needed <= self.max_context

        if self.max_context is not None and not room(trace, (FINAL,)):
            needed = self._needed(question, examples, trace, tools, (FINAL,))
            raise over(question, self.name, needed, self.max_context)
        for _ in range(self.n):
            if not room(trace, (FOLLOW, FINAL), (FINAL,)):
                trace.capped = 1
                break
            said = await self._say((FOLLOW, FINAL), question, examples, trace, tools, self.step_tokens)
            if not said.startswith(FOLLOW):
                trace.lines.append(said)
                trace.final = said.removeprefix(FINAL).strip()
                return trace
            query = said.removeprefix(FOLLOW).strip()
            more = await tools.retrieve(query, question, self.k, self.retriever) if self.k and query else []
            asked = replace(trace, passages=merged(trace.passages, more), lines=[*trace.lines, said])
            if not room(asked, (INTERMEDIATE,), (FINAL,)):
                trace = asked if room(asked, (FINAL,)) else trace
                trace.capped = 1
                break
            said = await self._say((INTERMEDIATE,), question, examples, asked, tools, self.step_tokens)
            answered = replace(asked, lines=[*asked.lines, said], iterations=asked.iterations + 1)
            if not room(answered, (FINAL,)):
                trace = replace(asked, capped=1)
                break
            trace = answered
        said = await self._say((FINAL,), question, examples, trace, tools, self.max_tokens)
        trace.lines.append(said)
        trace.final = said.removeprefix(FINAL).strip()
        return trace

    def _prompt(self, question: Question, examples: Sequence[str], trace: _Trace) -> tuple[Message, ...]:
        shown = "".join(examples)
        ending = question_block(question, DECLINE if self.allow_decline else "")
        so_far = "".join(f"\n{line}" for line in trace.lines)
        return chat(f"{INSTRUCTION}{shown}{documents_block(trace.passages)}{ending}{so_far}")

    def _asked(
        self, begin: tuple[str, ...], question: Question, examples: Sequence[str], trace: _Trace
    ) -> tuple[Message, ...]:
        """The prompt that asks for a line with one of these prefixes."""
        system, user = self._prompt(question, examples, trace)
        which = " or ".join(f'"{b}"' for b in begin)
        return (system, replace(user, content=f"{user.content}\n(Write one line that begins with {which}.)"))

    def _needed(
        self,
        question: Question,
        examples: Sequence[str],
        trace: _Trace,
        tools: Toolbox,
        *begins: tuple[str, ...],
    ) -> float:
        """The effective context after these calls, were the trace to stay as it is."""
        calls = [tools.count_tokens(self._asked(begin, question, examples, trace)) for begin in begins]
        return tools.input_tokens + sum(calls)

    async def _say(
        self,
        begin: tuple[str, ...],
        question: Question,
        examples: Sequence[str],
        trace: _Trace,
        tools: Toolbox,
        max_tokens: int,
    ) -> str:
        """The next line of the trace, with its prefix."""
        asked = self._asked(begin, question, examples, trace)
        reply = await tools.read(asked, max_tokens=max_tokens, begin=begin)
        line = next((x.strip() for x in reply.text.splitlines() if x.strip()), "")
        known = [b for b in begin if line.lower().startswith(b.strip().lower())]
        if known:
            return known[0] + line[len(known[0].strip()) :].strip()
        trace.unprefixed += 1
        prefix = begin[0] if len(begin) == 1 or line.endswith("?") else FINAL
        return prefix + line

    async def _demonstrations(self, question: Question, tools: Toolbox) -> list[str]:
        """Traces of other questions that ended in the right answer, as text."""
        settings = f"{self.k}:{self.m}:{self.n}:{self.step_tokens}:{self.max_tokens}:{self.retriever!r}"

        async def make(build: Toolbox) -> list[str]:
            bare = replace(self, m=0, max_context=None)
            kept = []
            for shown in build.demonstrations(question, self.m):
                trace = await bare._loop(shown, [], build)
                said = Answer(trace.final, declined=declines(trace.final))
                if score(shown, said).get("accuracy") == 1:
                    kept.append(example(shown, trace.passages, "\n".join(trace.lines)))
            return kept

        return await tools.build(f"iter_drag:{settings}", [], make, keep=True)
