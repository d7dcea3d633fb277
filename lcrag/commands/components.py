"""``lcrag components``: what can be named in YAML."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from lcrag.errors import LcragError, did_you_mean


def components(
    kind: Annotated[str, typer.Argument(help="strategy, router, retriever, ...; default: all kinds.")] = "",
) -> None:
    """List the components that YAML can name, those of installed packages included."""
    from lcrag.components import KINDS, find, names

    if kind and kind not in KINDS:
        raise LcragError(f"There is no kind {kind!r}; {did_you_mean(kind, KINDS)}")
    if not kind:
        lines = [f"{k}: {', '.join(names(k))}" for k in KINDS]
    else:
        width = max(map(len, names(kind)))
        summaries = {name: (find(kind, name).__doc__ or "").strip().splitlines()[0] for name in names(kind)}
        lines = [f"{name.ljust(width)}  {summary}" for name, summary in summaries.items()]
    sys.stdout.write("\n".join(lines) + "\n")
