"""``lcrag components``: what can be named in YAML."""

from __future__ import annotations

from typing import Annotated

import typer

from lcrag.commands.output import AsJson, printing, say
from lcrag.errors import LcragError, did_you_mean
from lcrag.tables import WIDTH, note_width, wrapped


def components(
    kind: Annotated[str, typer.Argument(help="strategy, router, retriever, ...; default: all kinds.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the components that YAML can name, those of installed packages included."""
    from lcrag.components import KINDS, find, names

    if kind and kind not in KINDS:
        raise LcragError(f"There is no kind {kind!r}; {did_you_mean(kind, KINDS)}")
    with printing(as_json) as result:
        if not kind:
            listed = {k: list(names(k)) for k in KINDS}
            say(
                "\n".join(
                    line for k, known in listed.items() for line in wrapped([f"{k}: {', '.join(known)}"])
                )
            )
            result(listed)
            return
        summaries = {name: (find(kind, name).__doc__ or "").strip().splitlines()[0] for name in names(kind)}
        if note_width() < WIDTH:  # below each other
            say("\n".join(line for n, text in summaries.items() for line in (n, *wrapped([f"  {text}"]))))
        else:
            width = max(map(len, summaries))
            say("\n".join(f"{name.ljust(width)}  {text}" for name, text in summaries.items()))
        result(summaries)
