"""A reader that says what it is told to, for tests; tokens and cached prefixes are counted honestly."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lcrag.errors import LcragError
from lcrag.readers.base import Completion, Message, Reader, Request
from lcrag.readers.limits import check_fits, first_stop
from lcrag.schema import Usage


@dataclass(frozen=True)
class ScriptedReader(Reader):
    """A deterministic reader without a model; a token is a word between white space.

    It keeps prefixes as a KV cache does: the first request with some ``cache_salt`` and leading
    ``prefix_chars`` computes the prefix and names it in ``Completion.prefix_key``, later ones report it
    as ``cached_tokens``. Stop strings and ``max_tokens`` cut the answer.

    Attributes:
        answers: a function of the request, or answers in the order in which requests arrive.
        context_window: tokens of prompt and completion together.
        max_concurrency: requests that the engine keeps in flight.
        delay: seconds that each answer takes; also what it reports as ``Usage.seconds``.
        name: the model's name in results.
        p_unanswerable: what it gives as ``Completion.watched`` where a request watches for a word.
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
            full = script(request)
        elif len(self._requests) <= len(script):
            full = script[len(self._requests) - 1]
        else:
            raise LcragError(
                f"The scripted reader was given {len(script)} answers and is asked for one more."
            )
        key, prefix = self._prefix(request, tokens)
        cached = key in self._prefixes
        self._prefixes.update({key} - {""})
        await asyncio.sleep(self.delay)
        text, reason, written = _cut(full, request)
        return Completion(
            text,
            Usage(tokens, prefix if cached else 0, written, calls=1, seconds=self.delay),
            reason,
            prefix_key="" if cached else key,
            prefix_tokens=prefix,
            watched=self.p_unanswerable if request.watch else None,
        )

    def _prefix(self, request: Request, tokens: int) -> tuple[str, int]:
        """Name and whole words of what other requests repeat; a prompt's last word is always computed."""
        if not request.prefix_chars:
            return "", 0
        seen: list[Message] = []
        for message in request.messages:
            seen.append(message)
            if message.role == "user":
                break
        content, end = seen[-1].content, request.prefix_chars
        splits_a_word = not content[end - 1 : end].isspace() and not content[end : end + 1].isspace()
        shared = [*seen[:-1], Message(seen[-1].role, content[:end])]
        words = self.count_tokens(shared) - (splits_a_word and end < len(content))
        named = "\0".join([request.cache_salt, *(m.content for m in shared)])
        return hashlib.sha256(named.encode()).hexdigest()[:16], min(words, tokens - 1)


def _cut(text: str, request: Request) -> tuple[str, str, int]:
    """The answer as a model would end it, why it ended, and its tokens."""
    text = text[: first_stop(text, request.stop)]
    words = text.split()
    if len(words) > request.max_tokens:
        return " ".join(words[: request.max_tokens]), "length", request.max_tokens
    return text.strip(), "stop", len(words)
