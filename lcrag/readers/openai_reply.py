"""What a server sends back: whether it is a chat completion, with an answer and with possible token counts."""

from __future__ import annotations

from collections.abc import Mapping
from json import JSONDecodeError
from typing import Any, Literal

from openai.types.chat import ChatCompletion
from openai.types.chat.chat_completion import Choice
from openai.types.completion_usage import CompletionUsage

from lcrag.errors import LcragError
from lcrag.readers.characters import whole
from lcrag.readers.finish import check_counts, finish_reason
from lcrag.readers.openai_errors import NotACompletion
from lcrag.readers.openai_server import Server


async def chat_completion(server: Server, body: Mapping[str, Any]) -> ChatCompletion:
    """The server's reply to one request.

    Raises:
        OpenAIError: the request failed.
        NotACompletion: the reply is HTML, broken JSON, or JSON of another kind.
    """
    try:
        client = await server.client()
        reply = await client.chat.completions.create(**body)
    except (JSONDecodeError, UnicodeDecodeError) as error:
        raise NotACompletion(f"it is not JSON ({error})") from error
    if not isinstance(reply, ChatCompletion):  # the text of a reply with another content type
        raise NotACompletion(str(reply)[:300])
    choices = reply.choices  # the client does not check what it was sent
    if not isinstance(choices, list) or not all(isinstance(c, Choice) for c in choices):
        raise NotACompletion(str(reply.model_extra or "no answer in it")[:300])
    return reply


def answer_of(reply: ChatCompletion, who: str) -> tuple[str, Literal["stop", "length"]]:
    """The text of the answer, and why it ended.

    Args:
        reply: the reply.
        who: the server, for the message.

    Raises:
        LcragError: the reply has no answer: refused, filtered, a call of a tool, no text.
    """
    if not reply.choices:
        raise LcragError(f"{who} answered without text.")
    choice = reply.choices[0]
    message = choice.message
    if message is not None and message.refusal:
        raise LcragError(f"{who} refused to answer: {str(message.refusal)[:300]}")
    if message is not None and message.tool_calls:
        names = [getattr(getattr(call, "function", None), "name", "?") for call in message.tool_calls]
        raise LcragError(f"{who} gave no answer, but called the tool {names[0]}.")
    reason = finish_reason(choice.finish_reason, who)
    text = message.content if message is not None else None
    if not isinstance(text, str):
        cut = " up to max_tokens (a model that thinks first needs more)" if reason == "length" else ""
        raise LcragError(f"{who} answered{cut} without text.")
    return whole(text).strip(), reason


def counts_of(reply: ChatCompletion, who: str) -> tuple[int, int, int]:
    """Tokens of the prompt, those of them that were cached (0 where nothing is said), and of the answer.

    Raises:
        LcragError: they are missing or impossible.
    """
    used = reply.usage
    if not isinstance(used, CompletionUsage):
        raise LcragError(f"{who} answered with no token counts: the answer's cost is not known.")
    details = used.prompt_tokens_details
    cached = getattr(details, "cached_tokens", None) or 0
    check_counts(used.prompt_tokens, cached, used.completion_tokens, who)
    return used.prompt_tokens, cached, used.completion_tokens
