"""Writing questions: asking a reader for each kind until enough of its questions pass the checks."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from lcrag.errors import LcragError, ReaderUnavailable, reason
from lcrag.judging.replies import reply_key
from lcrag.judging.tools import Judging
from lcrag.metrics.accuracy import Accuracy
from lcrag.metrics.declining import declines
from lcrag.questions.checks import DUPLICATE, is_duplicate, reason_against
from lcrag.questions.excerpts import EXCERPT_TOKENS, Excerpt, excerpt_chars, excerpts
from lcrag.questions.prompts import KINDS, Candidate, candidate_of, question_request
from lcrag.readers.base import Completion, Reader, Request
from lcrag.runtime.caps import OverBudget
from lcrag.schema import Answer, Document, Question, Usage
from lcrag.strategies.pieces.prompts import SHORT, chat, question_block

ATTEMPTS = 4  # requests for each question that is wanted, at most
ANSWER_TOKENS = 48  # of an answer without the document
WRONG_FORM = "the reply is not in the form asked for"
KNOWN = "known without the document"
FAILED = "the reader failed"


@dataclass
class WrittenQuestions:
    """Questions that passed, and what became of the others.

    Attributes:
        candidates: The questions that passed all checks, by kind in the order of writing.
        asked: Replies by kind.
        rejected: How many were thrown out, by kind and reason.
        usage: What all replies cost together, those of earlier processes included.
        resumed: Replies that an earlier process paid for.
        stopped: Why writing ended early; empty if it did not.
        failure: The first sentence of a reader that failed on a request.
    """

    candidates: list[Candidate] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    usage: Usage = field(default_factory=Usage)
    resumed: int = 0
    stopped: str = ""
    failure: str = ""


async def write_questions(
    documents: Sequence[Document],
    judging: Judging,
    count: int,
    kinds: Sequence[str] = KINDS,
    on_kept: Callable[[int], None] = lambda kept: None,
    excerpt_tokens: int = EXCERPT_TOKENS,
) -> WrittenQuestions:
    """Questions on documents, as many of each kind, that pass all checks; fewer where the reader does not manage.

    Args:
        documents: What is asked about, in turn.
        judging: The reader, its prices, its budget, the seed, and the replies on disk.
        count: How many questions are wanted.
        kinds: Which kinds, of ``KINDS``.
        on_kept: Called with the number of questions so far.
        excerpt_tokens: Tokens of the slices that one question is about, at most.

    Raises:
        LcragError: the reader cannot be used, or a reply cannot be written down; the replies so far are kept.
    """
    writer = Writer(judging, set(judging.replies.known))
    wanted = {kind: count // len(kinds) + (i < count % len(kinds)) for i, kind in enumerate(kinds)}
    chars = excerpt_chars(judging.judge(None), excerpt_tokens)
    for number, kind in enumerate(kinds):
        parts = 2 if kind == "comparison" else 1
        sources = excerpts(documents, chars, parts, judging.seed + number)
        await writer.write(kind, wanted[kind], islice(sources, ATTEMPTS * wanted[kind]), on_kept)
    return writer.result


@dataclass
class Writer:
    """The questions so far.

    Attributes:
        judging: Asks the reader; without one no question counts as known.
        paid_before: Keys of replies that were on disk at the start.
    """

    judging: Judging
    paid_before: set[str]
    result: WrittenQuestions = field(default_factory=WrittenQuestions)
    _counted: set[str] = field(default_factory=set)

    async def write(
        self, kind: str, wanted: int, sources: Iterator[Excerpt], on_kept: Callable[[int], None]
    ) -> None:
        """Write so many questions of a kind, in rounds of as many requests as questions are missing."""
        while wanted and not self.result.stopped and (batch := list(islice(sources, wanted))):
            written = await asyncio.gather(*(self._candidate(excerpt, kind) for excerpt in batch))
            wanted -= await self.keep([c for c in written if c and self._passes(c)], on_kept)

    async def keep(self, candidates: Sequence[Candidate], on_kept: Callable[[int], None]) -> int:
        """Keep those that the reader does not know and that are not duplicates; the number of those kept."""
        before = len(self.result.candidates)
        known = await asyncio.gather(*(self._is_known(c) for c in candidates))
        for candidate, is_known in zip(candidates, known, strict=True):
            if is_known:
                self._reject(candidate.kind, KNOWN)
            elif is_duplicate(candidate, self.result.candidates):
                self._reject(candidate.kind, DUPLICATE)
            elif is_known is not None:
                self.result.candidates.append(candidate)
                on_kept(len(self.result.candidates))
        return len(self.result.candidates) - before

    async def _candidate(self, excerpt: Excerpt, kind: str) -> Candidate | None:
        reply = await self._reply(question_request(excerpt, kind, self.judging.seed), kind)
        if reply is None:
            return None
        self.result.asked[kind] += 1
        candidate = candidate_of(reply.text, kind, excerpt.document)
        if candidate is None:
            self._reject(kind, WRONG_FORM)
        return candidate

    def _passes(self, candidate: Candidate) -> bool:
        why = reason_against(candidate) or (
            DUPLICATE if is_duplicate(candidate, self.result.candidates) else ""
        )
        if why:
            self._reject(candidate.kind, why)
        return not why

    async def _is_known(self, candidate: Candidate) -> bool | None:
        """Whether the reader answers rightly without the document; ``None`` where it could not be asked."""
        if self.judging.reader is None or not candidate.answerable:
            return False
        question = question_of(candidate)
        content = question_block(question, SHORT, 'If you do not know, write "unanswerable".')
        request = Request(
            chat(content, "You answer questions."),
            ANSWER_TOKENS,
            seed=self.judging.seed,
            cache_salt="questions",
        )
        reply = await self._reply(request, candidate.kind)
        if reply is None:
            return None
        return bool(Accuracy().score(question, Answer(reply.text, declined=declines(reply.text))))

    async def _reply(self, request: Request, kind: str) -> Completion | None:
        """The reader's reply; ``None`` where the budget is used up or this request failed."""
        if self.result.stopped:
            return None
        reader: Reader = self.judging.judge(None)
        key = reply_key(reader, request)
        try:
            reply = await self.judging.reply(key, reader, request)
        except OverBudget as error:
            self.result.stopped = reason(error)
            return None
        except ReaderUnavailable:
            raise
        except LcragError as error:
            self.result.failure = self.result.failure or reason(error)
            self._reject(kind, FAILED)
            return None
        if key not in self._counted:
            self._counted.add(key)
            self.result.resumed += key in self.paid_before
            self.result.usage += self.judging.priced(reader, reply.usage)
        return reply

    def _reject(self, kind: str, why: str) -> None:
        self.result.rejected[kind, why] += 1


def question_of(candidate: Candidate, id: str = "") -> Question:
    """A candidate as a question."""
    return Question(
        id=id,
        text=candidate.question,
        document_ids=(candidate.document.id,),
        answers=(candidate.answer,) if candidate.answerable else (),
        kind=candidate.kind,
        evidence=candidate.spans,
        answerable=candidate.answerable,
    )
