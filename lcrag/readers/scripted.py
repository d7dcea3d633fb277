"""A reader with prepared answers, for tests; it counts tokens and cached prefixes like a real one."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lcrag.errors import LcragError
from lcrag.readers.base import Completion, Message, Reader, Request
from lcrag.readers.limits import check_fits, first_stop
from lcrag.readers.streaming import speaker_for
from lcrag.schema import Usage


@dataclass(frozen=True)
class ScriptedReader(Reader):
    """A deterministic reader without a model; a token is a word.

    It keeps prefixes like a KV cache: the first request with some ``cache_salt`` and leading
    ``prefix_chars`` computes the prefix and names it in ``Completion.prefix_key``, later ones report it
    as ``cached_tokens``. Stop strings and ``max_tokens`` cut the answer.

    Attributes:
        answers: A function of the request, or answers in the order in which requests arrive.
        context_window: Tokens of prompt and completion together.
        max_concurrency: How many requests may be in flight at once.
        delay: Seconds that each answer takes, also reported as ``Usage.seconds``.
        name: The model's name in results.
        p_unanswerable: What it gives as ``Completion.watched`` where a request watches for a word.
    """

    answers: Callable[[Request], str] | Sequence[str]
    context_window: int = 8192
    max_concurrency: int = 8
    delay: float = 0.0
    name: str = "scripted"
    p_unanswerable: float | None = None
    _requests: list[Request] = field(default_factory=list, init=False, repr=False, compare=False)
    _prefixes: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    @property
    def batch_invariant(self) -> bool:
        """Whether the answers are a function of the request; a list of answers is used up in the order of arrival."""
        return callable(self.answers)

    @property
    def requests(self) -> list[Request]:
        """Every request so far, in the order of arrival."""
        return self._requests

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Words of all messages."""
        return sum(len(m.content.split()) for m in messages)

    async def generate(self, request: Request) -> Completion:
        """Answer one request.

        Raises:
            LcragError: prompt and completion do not fit, or the script has no more answers.
        """
        tokens = self.count_tokens(request.messages)
        check_fits(tokens, request, self)
        self._requests.append(request)
        script = self.answers
        if callable(script):
            answer = script(request)
        elif len(self._requests) <= len(script):
            answer = script[len(self._requests) - 1]
        else:
            raise LcragError(
                f"The scripted reader was given {len(script)} answers, but there is one more request: give it more."
            )
        key, prefix = self._prefix(request, tokens)
        cached = key in self._prefixes
        self._prefixes.update({key} - {""})
        text, reason, completion_tokens = _cut(answer, request)
        await self._write(text, request)
        return Completion(
            text,
            Usage(tokens, prefix if cached else 0, completion_tokens, calls=1, seconds=self.delay),
            reason,
            prefix_key="" if cached else key,
            prefix_tokens=prefix,
            watched=self.p_unanswerable if request.watch else None,
        )

    async def _write(self, text: str, request: Request) -> None:
        """Take the time that writing takes, and tell each word to whoever listens."""
        speaker = speaker_for(request)
        if speaker is None:
            await asyncio.sleep(self.delay)
            return
        ends = [match.end() for match in re.finditer(r"\S+", text)]
        for end in ends:
            await asyncio.sleep(self.delay / len(ends))
            speaker.update(text[:end])
        speaker.finish(text)

    def _prefix(self, request: Request, tokens: int) -> tuple[str, int]:
        """Key of the prefix and its whole words; a prompt's last word is always computed."""
        if not request.prefix_chars:
            return "", 0
        head: list[Message] = []
        for message in request.messages:
            head.append(message)
            if message.role == "user":
                break
        content, end = head[-1].content, request.prefix_chars
        splits_a_word = not content[end - 1 : end].isspace() and not content[end : end + 1].isspace()
        shared = [*head[:-1], Message(head[-1].role, content[:end])]
        words = self.count_tokens(shared) - (splits_a_word and end < len(content))
        identity = "\0".join([request.cache_salt, *(m.content for m in shared)])
        return hashlib.sha256(identity.encode()).hexdigest()[:16], min(words, tokens - 1)


def _cut(text: str, request: Request) -> tuple[str, str, int]:
    """The answer cut as a model would end it, the finish reason, and its tokens."""
    text = text[: first_stop(text, request.stop)]
    words = text.split()
    if len(words) > request.max_tokens:
        return " ".join(words[: request.max_tokens]), "length", request.max_tokens
    return text.strip(), "stop", len(words)
