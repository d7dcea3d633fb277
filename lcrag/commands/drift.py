"""``lcrag drift``: whether an application's questions are still such as its router learned from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lcrag.commands.output import AsJson, printing, say


def drift(
    router: Annotated[Path, typer.Argument(help="File of a fitted router.")],
    feedback: Annotated[
        Path, typer.Argument(help="An application's folder of feedback, or its answers.jsonl.")
    ],
    as_json: AsJson = False,
) -> None:
    """Compare the questions of an application with those that its router learned from."""
    from lcrag.routers import load_router
    from lcrag.serving.drift import drift as compared
    from lcrag.serving.feedback_table import read_feedback

    with printing(as_json) as result:
        drifted = compared(load_router(router), read_feedback(feedback, scored=False))
        say(str(drifted))
        result(drifted)
