"""What every reader promises."""

from __future__ import annotations

import asyncio

from lcrag.errors import LcragError
from lcrag.readers.base import Completion, Message, Reader, Request
from lcrag.testing.promises import check_component, promise

MEMBERS = (
    "name",
    "context_window",
    "max_concurrency",
    "documents_in_flight",
    "shares_prefix_in_batch",
    "batch_invariant",
    "check",
    "count_tokens",
)


def check_reader(reader: Reader) -> None:
    """Check a reader with a few short requests.

    Usage is counted: one call, tokens of prompt and completion, no more cached than the prompt has; ``max_tokens``
    holds and ``finish_reason`` says so; requests at once are answered like requests in turn where the reader is
    ``batch_invariant``; a prompt that does not fit is refused.

    Raises:
        AssertionError: a promise is broken; the message names it.
    """
    label = check_component(reader, "reader", *MEMBERS)
    asyncio.run(_check(reader, label))


def _request(text: str, max_tokens: int = 4) -> Request:
    return Request((Message("system", "You answer questions."), Message("user", text)), max_tokens)


async def _check(reader: Reader, label: str) -> None:
    requests = [_request(f"Count from {n} to one hundred, in words.") for n in (1, 2)]
    in_turn = [await reader.generate(r) for r in requests]
    for request, completion in zip(requests, in_turn, strict=True):
        _check_completion(completion, request, reader, label)
    at_once = await asyncio.gather(*(reader.generate(r) for r in requests))
    promise(
        not reader.batch_invariant or [c.text for c in at_once] == [c.text for c in in_turn],
        f"{label} is batch_invariant, but requests at once have other answers than the same requests in turn.",
    )
    try:
        await reader.generate(_request("word " * (reader.context_window + 10)))
    except LcragError:
        return
    promise(False, f"{label}: a prompt longer than the context window must raise LcragError.")


def _check_completion(completion: Completion, request: Request, reader: Reader, label: str) -> None:
    usage = completion.usage
    promise(usage.calls == 1, f"{label}: a request is one call, but {usage.calls} are counted.")
    promise(usage.prompt_tokens > 0, f"{label}: the prompt's tokens are not counted.")
    promise(reader.count_tokens(request.messages) > 0, f"{label}: count_tokens must be above 0.")
    promise(
        usage.cached_tokens <= usage.prompt_tokens, f"{label}: more tokens are cached than the prompt has."
    )
    promise(usage.completion_tokens <= request.max_tokens, f"{label}: max_tokens does not hold.")
    if usage.completion_tokens == request.max_tokens:
        promise(
            completion.finish_reason == "length",
            f"{label}: an answer cut at max_tokens must end with `length`.",
        )
