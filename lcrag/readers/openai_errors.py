"""What the openai client raises: whether to try again, and what to tell the user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import openai

from lcrag.errors import LcragError, ReaderUnavailable


def is_transient(error: BaseException) -> bool:
    """Whether another try may help: rate limits, server errors, lost connections, timeouts."""
    if isinstance(error, openai.RateLimitError):
        return error.code != "insufficient_quota"
    return isinstance(error, openai.APIConnectionError | openai.InternalServerError)


def pause(state: Any) -> float:
    """Seconds before the next try: what the server asks for, otherwise 0.5, 1, 2, ... up to 30."""
    response = getattr(state.outcome.exception(), "response", None)
    headers: Mapping[str, str] = response.headers if response is not None else {}
    try:
        return min(float(headers["retry-after"]), 60.0)
    except (KeyError, ValueError):
        return min(0.5 * float(2 ** (state.attempt_number - 1)), 30.0)


def is_about_length(error: Exception) -> bool:
    """Whether the server refused a prompt because it does not fit into the context window."""
    if not isinstance(error, openai.BadRequestError):
        return False
    message = str(error).lower()
    signs = ("context length", "context size", "context window", "max_model_len")
    return error.code == "context_length_exceeded" or any(sign in message for sign in signs)


def explain(error: Exception, model: str, base_url: str, key_env: str, timeout: float) -> LcragError:
    """One sentence that says what happened at which address and what to do."""
    message = " ".join(str(getattr(error, "message", error)).split())[:300]
    match error:
        case openai.APITimeoutError():
            return LcragError(
                f"The server at {base_url} did not answer within {timeout:g} seconds: raise the timeout."
            )
        case openai.APIConnectionError():
            return ReaderUnavailable(
                f"No server answers at {base_url}: correct base_url, or start one with "
                f"`python -m vllm.entrypoints.openai.api_server --model {model} "
                "--enable-prompt-tokens-details`."
            )
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            place = f"the environment variable {key_env}" if key_env else "the variable named by api_key_env"
            return ReaderUnavailable(
                f"The server at {base_url} refuses the key: put a valid one into {place}."
            )
        case openai.NotFoundError():
            return ReaderUnavailable(
                f"Nothing is served at {base_url}: base_url often ends in /v1 ({message})."
            )
        case openai.RateLimitError():
            return ReaderUnavailable(f"The server at {base_url} accepts no more requests for now: {message}")
    return LcragError(f"The server at {base_url} could not serve a request to {model}: {message}")


def unknown_model(model: str, base_url: str, served: Mapping[str, Any]) -> ReaderUnavailable:
    """The error for a model that the server does not have; it lists those that it has."""
    return ReaderUnavailable(
        f"The server at {base_url} has no model {model!r}; it has {', '.join(served) or 'none'}."
    )
