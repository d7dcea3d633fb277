"""The reader that a command's flags name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lcrag.errors import LcragError

WINDOW_KEYS = {"openai": "max_model_len", "vllm": "max_model_len", "langchain": "context_window"}
Model = Annotated[
    str,
    typer.Option(
        help="smollm2, a Hugging Face name or folder, provider:model (openai:gpt-4.1, anthropic:..., "
        "google_genai:...), or the server's model."
    ),
]
BaseUrl = Annotated[str, typer.Option(help="OpenAI-compatible server, such as http://localhost:8000/v1.")]
ContextWindow = Annotated[
    int | None, typer.Option(min=1, help="Tokens that fit into the server's model, if it does not say so.")
]
Dollars = Annotated[float | None, typer.Option(help="The most that may be spent, in dollars.")]


def reader_spec(model: str, base_url: str = "", context_window: int | None = None) -> dict[str, Any]:
    """A reader as YAML names it: a server's, a hosted ``provider:model``, else one in this process (``smollm2``).

    OpenAI's models have OpenAI's own client, which knows its cache and its retries; others have LangChain's.

    Raises:
        LcragError: a context window for a reader that knows its own.
    """
    from lcrag.readers.langchain_models import provider_of

    provider = "" if base_url else provider_of(model)
    spec: dict[str, Any] = {"type": "transformers", "model": model or "smollm2"}
    if base_url:
        spec = {"type": "openai", "model": model or "default", "base_url": base_url}
    elif provider == "openai":
        spec = {"type": "openai", "model": model.partition(":")[2]}
    elif provider:
        spec = {"type": "langchain", "model": model}
    return spec if context_window is None else reader_with_window(spec, context_window)


def reader_with_window(spec: dict[str, Any], context_window: int) -> dict[str, Any]:
    """A reader with another context window.

    Raises:
        LcragError: the reader's window is not a matter of settings.
    """
    key = WINDOW_KEYS.get(str(spec.get("type")))
    if key is None:
        raise LcragError(
            f"--context-window is for a model on a server; the reader `{spec.get('type')}` knows its own."
        )
    return {**spec, key: context_window}


def with_window(spec: Any, context_window: int | None) -> Any:
    """An experiment's configuration with another context window of its reader."""
    if context_window is None or not isinstance(spec, dict):
        return spec
    reader = spec.get("reader", "transformers")
    reader = reader if isinstance(reader, dict) else {"type": reader}
    return {**spec, "reader": reader_with_window(reader, context_window)}


def build_reader(spec: dict[str, Any]) -> Any:
    """The reader itself.

    Raises:
        LcragError: it cannot be made.
    """
    from lcrag.components.build import build

    return build("reader", spec, "the command line: reader", None, Path())
