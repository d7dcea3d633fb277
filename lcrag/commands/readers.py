"""The reader that a command's flags name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lcrag.errors import LcragError

Model = Annotated[str, typer.Option(help="smollm2, a Hugging Face name or folder, or the server's model.")]
BaseUrl = Annotated[str, typer.Option(help="OpenAI-compatible server, such as http://localhost:8000/v1.")]
ContextWindow = Annotated[
    int | None, typer.Option(min=1, help="Tokens that fit into the server's model, if it does not say so.")
]
Dollars = Annotated[float | None, typer.Option(help="The most that may be spent, in dollars.")]


def reader_spec(model: str, base_url: str, context_window: int | None = None) -> dict[str, Any]:
    """A reader as YAML names it: a server's with ``base_url``, else one in this process, ``smollm2`` by default.

    Raises:
        LcragError: a context window for a reader that knows its own.
    """
    if base_url:
        window = {} if context_window is None else {"max_model_len": context_window}
        return {"type": "openai", "model": model or "default", "base_url": base_url, **window}
    if context_window is not None:
        raise LcragError("--context-window is for a model on a server; give --base-url, or leave it out.")
    return {"type": "transformers", "model": model or "smollm2"}


def build_reader(spec: dict[str, Any]) -> Any:
    """The reader itself.

    Raises:
        LcragError: it cannot be made.
    """
    from lcrag.components.build import build

    return build("reader", spec, "the command line: reader", None, Path())
