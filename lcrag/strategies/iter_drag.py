"""IterDRAG: a question split into follow-up questions, with a retrieval for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from lcrag.components.settings import ADDED
from lcrag.errors import LcragError
from lcrag.metrics.declining import declines
from lcrag.metrics.score import score
from lcrag.readers.base import Message
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Scope, Strategy, Toolbox
from lcrag.strategies.drag import NOW, check_theta, over_cap
from lcrag.strategies.pieces.demonstrations import EXAMPLES, each_demonstration
from lcrag.strategies.pieces.prompts import answer_block, answer_tokens, chat, question_block
from lcrag.strategies.pieces.trace import Trace
from retrievers.base import Retriever

FOLLOW, INTERMEDIATE, FINAL = "Follow up: ", "Intermediate answer: ", "So the final answer is: "
INSTRUCTION = (
    "You are an expert in question answering. Take a question apart where that helps: write a follow-up question "
    f'on a line that begins with "{FOLLOW}", its answer on a line that begins with "{INTERMEDIATE}", and at the end '
    f'the answer on a line that begins with "{FINAL}". Contexts may be irrelevant.\n\n'
)


@dataclass(frozen=True)
class IterDRAG(Strategy):
    """Ask follow-up questions and retrieve for each, as the demonstrations do (Yue et al. 2024, arXiv 2410.04343).

    Iterative demonstration-based RAG, section 3.3, with theta = (k, m, n). Up to ``n`` times the reader asks a
    follow-up question, the documents for it are retrieved and added, and the reader answers it; then it gives the
    final answer. Every reply begins with one of Self-Ask's three prefixes (Press et al. 2023, arXiv 2210.03350), which
    constrained decoding enforces where the reader has it. A reply without a prefix is a follow-up question if it ends
    with a question mark, else the final answer. Demonstrations are traces of the same loop on other questions. Only
    those with a correct answer are kept (appendix H); the dataset's next demonstration replaces one without. They are
    built once for all questions, under the role ``build``. New documents are added below the earlier ones, so that
    the prompt keeps its beginning and the best of the newest stands nearest to the question.

    At most 2n + 1 calls. ``notes``: ``iterations``, ``demonstrations``, ``effective_context`` (prompt tokens of all
    calls), ``unprefixed`` (replies without their prefix), ``capped`` (1 if the cap ended the iterations).

    Attributes:
        k: documents per question and follow-up question.
        m: demonstrations; fewer are shown where the reader answers too few of the dataset's right, and none at all is
            an error.
        n: maximum iterations (5 as published).
        max_context: maximum tokens of effective context. The iterations end when the next call would leave no room
            for the final answer; lines and documents that no longer fit are left out of the final call. A question
            whose final call alone needs more is an error, and nothing is asked.
        retriever: replaces the experiment's retriever.
        scope: ``corpus`` searches all documents of the dataset in one index, not the question's own alone.
        step_tokens: maximum tokens of a follow-up or intermediate answer.
        max_tokens: maximum tokens of the answer.
        allow_decline: tell the reader that it may answer "unanswerable".

    Differs from the paper: documents are passages of the question's own documents, the reader may decline, and traces
    for demonstrations are made without demonstrations before them.
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
    scope: Scope = field(default="question", metadata=ADDED)
    card = Card(
        "IterDRAG, arXiv 2410.04343", "1 to 2n + 1", "Σ m·k·c·i + k·c·i",
        "a question takes several hops and 128k prompt tokens or more may be spent", "m traces",
        case="Gemini 1.5 Flash at 128k, accuracy: 2WikiMultiHopQA 74.6, RAG 48.4; MuSiQue 24.5, RAG 16.8 (table 1)",
    )  # fmt: skip

    def __post_init__(self) -> None:
        check_theta(self.k, self.m, self.max_context)
        if self.n < 1:
            raise ValueError(f"n = {self.n}: at least one iteration is needed.")

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """The loop, after the demonstrations."""
        demonstrations = await self._demonstrations(question, tools) if self.m else []
        trace = await self._loop(question, demonstrations, tools)
        return Answer(
            trace.final,
            tuple(trace.passages),
            declined=declines(trace.final),
            notes={
                "iterations": trace.iterations,
                "demonstrations": len(demonstrations),
                "effective_context": tools.input_tokens,
                "unprefixed": trace.unprefixed,
                "capped": trace.capped,
            },
        )

    async def _loop(self, question: Question, demonstrations: Sequence[str], tools: Toolbox) -> Trace:
        """The trace of one question; each call leaves room in the cap for a final answer after it."""
        passages = (
            await tools.retrieve(question.text, question, self.k, self.retriever, self.scope)
            if self.k
            else []
        )
        trace = Trace([passages])

        def room(trace: Trace, *begins: tuple[str, ...]) -> bool:
            needed = self._needed(question, demonstrations, trace, tools, *begins)
            return self.max_context is None or needed <= self.max_context

        if self.max_context is not None and not room(trace, (FINAL,)):
            needed = self._needed(question, demonstrations, trace, tools, (FINAL,))
            raise over_cap(question, self.name, needed, self.max_context)
        for _ in range(self.n):
            if not room(trace, (FOLLOW, FINAL), (FINAL,)):
                trace.capped = 1
                break
            line = await self._say((FOLLOW, FINAL), question, demonstrations, trace, tools, self.step_tokens)
            if not line.startswith(FOLLOW):
                trace.lines.append(line)
                trace.final = line.removeprefix(FINAL).strip()
                return trace
            query = line.removeprefix(FOLLOW).strip()
            hits = (
                await tools.retrieve(query, question, self.k, self.retriever, self.scope)
                if self.k and query
                else []
            )
            after_question = trace.with_retrieval(hits, line)
            if not room(after_question, (INTERMEDIATE,), (FINAL,)):
                trace = after_question if room(after_question, (FINAL,)) else trace
                trace.capped = 1
                break
            line = await self._say(
                (INTERMEDIATE,), question, demonstrations, after_question, tools, self.step_tokens
            )
            after_answer = replace(
                after_question, lines=[*after_question.lines, line], iterations=after_question.iterations + 1
            )
            if not room(after_answer, (FINAL,)):
                trace = replace(after_question, capped=1)
                break
            trace = after_answer
        max_tokens = answer_tokens(question, self.max_tokens)
        line = await self._say((FINAL,), question, demonstrations, trace, tools, max_tokens)
        trace.lines.append(line)
        trace.final = line.removeprefix(FINAL).strip()
        return trace

    def _prompt(
        self, begin: tuple[str, ...], question: Question, demonstrations: Sequence[str], trace: Trace
    ) -> tuple[Message, ...]:
        """The prompt that asks for a line with one of these prefixes."""
        ending = answer_block(question, self.allow_decline, form="")
        so_far = "".join(f"\n{line}" for line in trace.lines)
        prefixes = " or ".join(f'"{b}"' for b in begin)
        instruction = f"\n(Write one line that begins with {prefixes}.)"
        head = INSTRUCTION
        if demonstrations:
            head += "".join([EXAMPLES, *demonstrations, NOW])
        return chat(f"{head}{trace.documents}{ending}{so_far}{instruction}")

    def _needed(
        self,
        question: Question,
        demonstrations: Sequence[str],
        trace: Trace,
        tools: Toolbox,
        *begins: tuple[str, ...],
    ) -> float:
        """The effective context after these calls if the trace did not change."""
        prompts = (self._prompt(begin, question, demonstrations, trace) for begin in begins)
        return tools.input_tokens + sum(map(tools.count_tokens, prompts))

    async def _say(
        self,
        begin: tuple[str, ...],
        question: Question,
        demonstrations: Sequence[str],
        trace: Trace,
        tools: Toolbox,
        max_tokens: int,
    ) -> str:
        """The next line of the trace, with its prefix."""
        messages = self._prompt(begin, question, demonstrations, trace)
        reply = await tools.read(messages, max_tokens=max_tokens, begin=begin)
        line = next((x.strip() for x in reply.text.splitlines() if x.strip()), "")
        matching = [b for b in begin if line.lower().startswith(b.strip().lower())]
        if matching:
            return matching[0] + line[len(matching[0].strip()) :].strip()
        trace.unprefixed += 1
        prefix = begin[0] if len(begin) == 1 or line.endswith("?") else FINAL
        return prefix + line

    async def _demonstrations(self, question: Question, tools: Toolbox) -> list[str]:
        """Up to ``m`` traces of other questions that ended in a correct answer, as text."""
        settings = f"{self.k}:{self.m}:{self.n}:{self.step_tokens}:{self.max_tokens}:{self.retriever!r}"
        if self.scope != "question":
            settings += f":{self.scope}"

        async def make(build: Toolbox) -> list[str]:
            build.demonstrations(question, self.m)  # an error if there are fewer
            bare = replace(self, m=0, max_context=None)
            traces: list[str] = []
            tried = 0
            for other in each_demonstration(question, build):
                tried += 1
                trace = await bare._loop(other, [], build)
                answer = Answer(trace.final, declined=declines(trace.final))
                if score(other, answer).get("accuracy") == 1:
                    lines = "\n".join(trace.lines)
                    traces.append(f"{trace.documents}{question_block(other)}\n{lines}\n\n")
                if len(traces) == self.m:
                    break
            if not traces:
                raise LcragError(
                    f"{self.name}: the reader answered none of {tried} demonstrations right, so there is none to show; "
                    "take a stronger reader, give the dataset more `demonstrations`, or set m: 0."
                )
            return traces

        return await tools.build(f"iter_drag, correct traces:{settings}", [], make, keep=True)
