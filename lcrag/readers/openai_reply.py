"""What a server sends back: whether it is a chat completion."""

from __future__ import annotations

from collections.abc import Mapping
from json import JSONDecodeError
from typing import Any

from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion

from lcrag.readers.openai_errors import NotACompletion


async def chat_completion(client: AsyncOpenAI, body: Mapping[str, Any]) -> ChatCompletion:
    """The server's reply to one request.

    Raises:
        OpenAIError: the request failed.
        NotACompletion: the reply is HTML, broken JSON, or JSON of another kind.
    """
    try:
        reply = await client.chat.completions.create(**body)
    except (JSONDecodeError, UnicodeDecodeError) as error:
        raise NotACompletion(f"it is not JSON ({error})") from error
    if not isinstance(reply, ChatCompletion):  # the text of a reply with another content type
        raise NotACompletion(str(reply)[:300])
    if not isinstance(reply.choices, list):  # the client does not check what it was sent
        raise NotACompletion(str(reply.model_extra or "no choices in it")[:300])
    return reply
