"""What a command prints: text as wide as the terminal, or JSON for scripts."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Annotated, Any

import typer

AsJson = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON; what people read goes to stderr.")
]
MIN_WIDTH = 40  # characters; no table says anything in fewer


def terminal_width() -> int | None:
    """The characters in a line of the terminal, or those of ``COLUMNS``; ``None`` in a pipe or a file."""
    if os.environ.get("COLUMNS", "").isdecimal() or sys.stdout.isatty():
        return max(MIN_WIDTH, shutil.get_terminal_size().columns)
    return None


@contextmanager
def printing(as_json: bool) -> Iterator[Callable[[Any], None]]:
    """Gives a function that prints a result as JSON, and sends everything else that is printed to stderr.

    Without ``as_json`` the function prints nothing, and nothing else changes.
    """
    if not as_json:
        yield lambda content: None
        return
    from lcrag.files import json_text

    stdout = sys.stdout

    def print_json(content: Any) -> None:
        stdout.write(json_text(content))
        stdout.flush()

    with redirect_stdout(sys.stderr):
        yield print_json


def say(text: str) -> None:
    """A line on stdout, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
