"""What a server sends back: whether it is a chat completion, with an answer and with possible token counts.

Replies are read as plain JSON: the client's own classes check nothing, and making them takes longer than all else that
is done with a reply.
"""

from __future__ import annotations

from collections.abc import Mapping
from json import JSONDecodeError
from typing import Any, Literal

import httpx

from lcrag.errors import LcragError
from lcrag.readers.characters import whole
from lcrag.readers.finish import check_counts, finish_reason
from lcrag.readers.openai_errors import NotACompletion
from lcrag.readers.openai_server import Server

FIELDS = {"id", "choices", "created", "model", "object", "service_tier", "system_fingerprint", "usage"}


async def chat_completion(server: Server, body: Mapping[str, Any]) -> dict[str, Any]:
    """The server's reply to one request.

    Raises:
        OpenAIError: the request failed.
        NotACompletion: the reply is HTML, broken JSON, or JSON of another kind.
    """
    client = await server.client()
    response = await client.post("/chat/completions", cast_to=httpx.Response, body=body)
    try:
        if "json" not in response.headers.get("content-type", "json"):
            raise NotACompletion(response.text[:300])
        reply = response.json()
    except (JSONDecodeError, UnicodeDecodeError) as error:
        raise NotACompletion(f"it is not JSON ({error})") from error
    if not isinstance(reply, dict):
        raise NotACompletion(str(reply)[:300])
    choices = reply.get("choices")
    if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
        other = {name: value for name, value in reply.items() if name not in FIELDS}
        raise NotACompletion(str(other or "no answer in it")[:300])
    return reply


def answer_of(reply: Mapping[str, Any], who: str) -> tuple[str, Literal["stop", "length"]]:
    """The text of the answer, and why it ended.

    Args:
        reply: the reply.
        who: the server, for the message.

    Raises:
        LcragError: the reply has no answer: refused, filtered, a call of a tool, no text.
    """
    if not reply["choices"]:
        raise LcragError(f"{who} answered without text.")
    choice = reply["choices"][0]
    message = _mapping(choice.get("message"))
    if message.get("refusal"):
        raise LcragError(f"{who} refused to answer: {str(message['refusal'])[:300]}")
    if calls := message.get("tool_calls"):
        names = [_mapping(_mapping(call).get("function")).get("name", "?") for call in calls]
        raise LcragError(f"{who} gave no answer, but called the tool {names[0]}.")
    reason = finish_reason(choice.get("finish_reason"), who)
    text = message.get("content")
    if not isinstance(text, str):
        cut = " up to max_tokens (a model that thinks first needs more)" if reason == "length" else ""
        raise LcragError(f"{who} answered{cut} without text.")
    return whole(text).strip(), reason


def counts_of(reply: Mapping[str, Any], who: str) -> tuple[int, int, int]:
    """Tokens of the prompt, those of them that were cached (0 where nothing is said), and of the answer.

    Raises:
        LcragError: they are missing or impossible.
    """
    used = reply.get("usage")
    if not isinstance(used, dict):
        raise LcragError(f"{who} answered with no token counts: the answer's cost is not known.")
    prompt, written = used.get("prompt_tokens"), used.get("completion_tokens")
    cached = _mapping(used.get("prompt_tokens_details")).get("cached_tokens") or 0
    check_counts(prompt, cached, written, who)
    return prompt, cached, written  # type: ignore[return-value]


def first_tokens(reply: Mapping[str, Any]) -> list[tuple[str, float]]:
    """The most probable first tokens of the answer with their log probabilities; none where nothing is said."""
    tokens = _mapping(reply["choices"][0].get("logprobs")).get("content") or [{}]
    alternatives = _mapping(tokens[0]).get("top_logprobs") or []
    return [(str(t["token"]), float(t["logprob"])) for t in alternatives]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
