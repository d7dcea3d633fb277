"""What the openai client raises: whether to try again, and what to tell the user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import openai

from lcrag.errors import LcragError, ReaderUnavailable

if TYPE_CHECKING:
    from lcrag.readers.openai_endpoint import Endpoint


class NotACompletion(Exception):
    """The server answered with success, but not with a chat completion."""


def is_transient(error: BaseException) -> bool:
    """Whether another try may help: rate limits, server errors, lost connections, timeouts, broken replies."""
    if isinstance(error, openai.RateLimitError):
        return error.code != "insufficient_quota"
    return isinstance(
        error, openai.APIConnectionError | openai.InternalServerError | TimeoutError | NotACompletion
    )


def is_overload(error: BaseException) -> bool:
    """Whether the server had too much to do: it refused for now (429, 503), or did not answer in time."""
    if isinstance(error, openai.APIStatusError):
        return error.status_code == 503 or (error.status_code == 429 and is_transient(error))
    return isinstance(error, TimeoutError | openai.APITimeoutError)


def is_about_length(error: Exception) -> bool:
    """Whether the server refused a prompt because it does not fit into the context window."""
    if not isinstance(error, openai.BadRequestError):
        return False
    message = str(error).lower()
    signs = ("context length", "context size", "context window", "max_model_len")
    return error.code == "context_length_exceeded" or any(sign in message for sign in signs)


def short(error: BaseException) -> str:
    """What happened, in a few words."""
    match error:
        case openai.APITimeoutError() | TimeoutError():
            return "no answer in time"
        case openai.APIConnectionError():
            return "no connection"
    body = getattr(error, "body", None)
    told = body.get("message") if isinstance(body, Mapping) else None
    message = " ".join(str(told or getattr(error, "message", error)).split())[:300]
    return message or type(error).__name__


def explain(error: Exception, server: Endpoint, tries: str = "", gone: bool = True) -> LcragError:
    """One sentence that says what happened at which address and what to do.

    Args:
        error: what the client raised.
        server: where.
        tries: how often and how long it was tried, such as " (3 tries in 4 seconds)"; empty for one try.
        gone: whether the server does not answer other requests either; a run need not go on then.
    """
    url, model, message = server.base_url, server.model, short(error)
    kind = ReaderUnavailable if gone else LcragError
    match error:
        case openai.APITimeoutError() | TimeoutError():
            return kind(
                f"The server at {url} did not answer within {server.timeout:g} seconds{tries}: raise the timeout."
            )
        case openai.APIConnectionError() if gone:
            return ReaderUnavailable(
                f"No server answers at {url}{tries}: correct base_url, or start one with "
                f"`python -m vllm.entrypoints.openai.api_server --model {model} --enable-prompt-tokens-details`."
            )
        case openai.APIConnectionError():
            return LcragError(
                f"The server at {url} dropped the connection{tries}, though it answers others: see its log."
            )
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            variable = server.key_variable
            place = (
                f"the environment variable {variable}" if variable else "the variable named by api_key_env"
            )
            return ReaderUnavailable(f"The server at {url} refuses the key: put a valid one into {place}.")
        case openai.NotFoundError():
            return ReaderUnavailable(f"Nothing is served at {url}: base_url often ends in /v1 ({message}).")
        case openai.RateLimitError():
            return kind(f"The server at {url} accepts no more requests for now: {message}")
        case NotACompletion():
            return kind(f"What the server at {url} answers is not a chat completion{tries}: {message}")
        case openai.InternalServerError():
            return kind(f"The server at {url} could not serve a request to {model}{tries}: {message}")
    return LcragError(f"The server at {url} could not serve a request to {model}: {message}")


def unknown_model(model: str, base_url: str, served: Mapping[str, Any]) -> ReaderUnavailable:
    """The error for a model that the server does not have; it lists those that it has."""
    return ReaderUnavailable(
        f"The server at {base_url} has no model {model!r}; it has {', '.join(served) or 'none'}."
    )
