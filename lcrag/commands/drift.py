"""``lcrag drift``: whether an application's questions are still such as its router learned from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def drift(
    router: Annotated[Path, typer.Argument(help="File of a fitted router.")],
    feedback: Annotated[
        Path, typer.Argument(help="An application's folder of feedback, or its answers.jsonl.")
    ],
) -> None:
    """Compare the questions of an application with those that its router learned from."""
    from lcrag.routers import load_router
    from lcrag.serving.drift import drift as compared
    from lcrag.serving.feedback_table import read_feedback

    sys.stdout.write(f"{compared(load_router(router), read_feedback(feedback, scored=False))}\n")
