"""Tables of components for the guides, made from their classes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Sequence
from typing import Any

from lcrag.components.find import find, names

_SOURCE = re.compile(r" \(([^()]*(?:arXiv|\b(?:19|20)\d\d\b)[^()]*)\)")  # in brackets, with a year
_NEEDS = {"gold": "a gold answer", "evidence": "gold evidence", "passages": "passages"}


def summary(component: Any) -> str:
    """The first sentence of a docstring, without the source in brackets, which has a column of its own."""
    line = (component.__doc__ or "").strip().splitlines()[0]
    return re.sub(r" \([^()]*\b(arXiv|LangChain)\b[^()]*\)", "", line).replace("``", "`")


def deviation(component: Any) -> str:
    """What a docstring's paragraph says that begins with "Differs from the paper:"; empty if there is none."""
    _, _, text = (inspect.getdoc(component) or "").partition("\nDiffers from the paper:")
    return (
        " ".join(text.partition("\n\n")[0].split()).removesuffix(".").replace("``", "`").replace("|", "\\|")
    )


def markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in [heads, ["---"] * len(heads), *rows])


def strategies(*, core: bool = False) -> str:
    """All strategies with what one should know before choosing one; a star marks the core.

    Args:
        core: only those that the README shows, with fewer columns.
    """
    found = [(name, find("strategy", name)) for name in names("strategy")]
    found = [(name, kind) for name, kind in found if kind.card is not None]
    if core:
        rows = [[f"`{name}`", summary(kind), kind.card.paper] for name, kind in found if kind.card.core]
        return markdown(["strategy", "what it does", "source"], rows)
    rows = [
        [
            f"`{name}`{' ★' * kind.card.core}", summary(kind), kind.card.paper, kind.card.calls, kind.card.tokens,
            kind.card.build, kind.card.use, kind.card.case, deviation(kind),
        ]
        for name, kind in found
    ]  # fmt: skip
    heads = [
        "strategy", "what it does", "source", "calls", "prompt tokens", "read once per document", "take it when",
        "measured", "differs in",
    ]  # fmt: skip
    return markdown(heads, rows)


def metrics(standard: Collection[str] = ()) -> str:
    """All metrics: what each scores, when it applies, and its source.

    Args:
        standard: those that are always scored; a star marks them.
    """
    rows = []
    for name in names("metric"):
        line = _first_line(find("metric", name))
        sources = "; ".join(_SOURCE.findall(line))
        what = _SOURCE.sub("", line).replace("``", "`")
        rows.append([f"`{name}`{' ★' * (name in standard)}", what, _applies(find("metric", name)), sources])
    return markdown(["metric", "what it scores", "its score", "source"], rows)


def _applies(metric: Any) -> str:
    """The range of a metric's scores and what it needs."""
    if "judge" not in getattr(metric, "__dataclass_fields__", {}):
        return _first_line(metric.score).removesuffix(".").replace("``", "`")
    needs = [text for need, text in _NEEDS.items() if need in metric.needs]
    return "From 0 to 1 by a judge" + (f"; needs {' and '.join(needs)}" if needs else "")


def _first_line(documented: Any) -> str:
    return (documented.__doc__ or "").strip().partition("\n")[0]


def kv_caches() -> str:
    """All KV cache methods: what each does, whether passes choose what they read, whether questions share it."""
    rows = []
    for name in names("kv_cache"):
        kind = find("kv_cache", name)
        sources = "; ".join(_SOURCE.findall(_first_line(kind)))
        chooses = "each pass chooses" if kind.selects else "the prefill chooses"
        shares = "no: it reads the question" if kind.reads_question else "yes"
        rows.append([f"`{name}`", summary(kind), sources, chooses, shares, deviation(kind)])
    return markdown(
        ["method", "what it does", "source", "what is read", "questions share it", "differs in"], rows
    )


def listed(kind: str, room: str = "") -> str:
    """The components of a kind with the first sentence about each; of one room where that is given."""
    components = {name: find(kind, name) for name in names(kind)}
    found = [
        (name, (component.__doc__ or "").strip().splitlines()[0])
        for name, component in components.items()
        if component.__module__.startswith(room)
    ]
    return markdown([kind, "what it is"], [[f"`{name}`", text.replace("``", "`")] for name, text in found])
