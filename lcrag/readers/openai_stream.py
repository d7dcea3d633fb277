"""A chat completion that arrives piece by piece."""

from __future__ import annotations

from collections.abc import Mapping
from json import JSONDecodeError
from typing import Any

import httpx

from lcrag.readers.characters import whole
from lcrag.readers.openai_errors import NotACompletion
from lcrag.readers.openai_server import Server
from lcrag.readers.streaming import Speaker


async def streamed_completion(server: Server, body: Mapping[str, Any], speaker: Speaker) -> dict[str, Any]:
    """The server's reply to one request, told while it arrives.

    Raises:
        OpenAIError: the request failed.
        NotACompletion: the reply is of another kind, or it ends early.
    """
    client = await server.client()
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
    last: dict[str, Any] = {"usage": None, "finish_reason": None, "logprobs": None}
    calls: list[Any] = []
    stream = await client.chat.completions.create(
        model=body["model"],
        messages=body["messages"],
        stream=True,
        stream_options={"include_usage": True},
        extra_body=body,  # with fields that only this server knows
    )
    try:
        async for chunk in stream:
            last["usage"] = chunk.usage or last["usage"]
            for choice in (chunk.choices or [])[:1]:
                last["finish_reason"] = choice.finish_reason or last["finish_reason"]
                last["logprobs"] = last["logprobs"] or choice.logprobs  # those of the first token
                calls += choice.delta.tool_calls or []
                for part in ("content", "refusal"):
                    if (piece := getattr(choice.delta, part)) is not None:
                        message[part] = (message[part] or "") + piece
                if message["content"]:
                    speaker.update(whole(message["content"]))
    except (JSONDecodeError, UnicodeDecodeError, AttributeError, TypeError, httpx.HTTPError) as error:
        raise NotACompletion(f"its stream broke ({type(error).__name__})") from error
    if last["finish_reason"] is None:
        raise NotACompletion("its stream ended early")
    named = [{"id": "", "type": "function", "function": {"name": getattr(c.function, "name", "?") or "?",
              "arguments": ""}} for c in calls[:1]]  # fmt: skip
    answer = {
        "index": 0,
        "finish_reason": last["finish_reason"],
        "message": message | ({"tool_calls": named} if named else {}),
        "logprobs": last["logprobs"] and last["logprobs"].model_dump(),
    }
    usage = last["usage"] and last["usage"].model_dump()
    reply = {"id": "", "object": "chat.completion", "created": 0, "model": server.model}
    return {**reply, "choices": [answer], "usage": usage}
