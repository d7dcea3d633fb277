"""The block and the picture of docs/kv.md, from the rows of ``kv.py``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from page import put

from lcrag.analysis.plots import figure_of
from lcrag.components.catalogue import markdown
from lcrag.tables import human

Row = dict[str, Any]
PICTURE = "images/kv_accuracy_bytes.png"


def write(page: Path, rows: Sequence[Row]) -> None:
    """Replace the block ``kv`` of the page, and draw accuracy against bytes beside it."""
    lengths = sorted({r["length"] for r in rows})
    documents = len({(r["length"], r["document"]) for r in rows})
    text = (
        f"SmolLM2-135M-Instruct, bfloat16; documents of {', '.join(f'{n:,}' for n in lengths)} tokens, {documents} in "
        f"all, {len([r for r in rows if r['method'] == 'dense'])} questions for each arm. Accuracy: the needle's "
        f"number is in the answer.\n\n{_accuracy(rows)}\n\nNeedles found at a budget of 25%, by depth and length:\n\n"
        f"{_heat(rows, 0.25)}\n\n![Accuracy against loaded KV bytes]({PICTURE})"
    )
    put(page, "kv", text)
    _picture(rows).savefig(page.parent / PICTURE, dpi=150)


def _by(rows: Sequence[Row], key: Callable[[Row], Any]) -> dict[Any, list[Row]]:
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def _mean(rows: Sequence[Row], name: str) -> float:
    return sum(r[name] for r in rows) / len(rows) if rows else float("nan")


def _share(value: float) -> str:
    return "-" if value != value else f"{value:.0%}"


def _accuracy(rows: Sequence[Row]) -> str:
    """One row for each arm: accuracy on first and later questions, bytes, tokens that were cached."""
    heads = [
        "method", "budget", "first question", "later ones", "all", "KV stored", "KV read", "bytes read", "cached",
    ]  # fmt: skip
    lines = []
    for (method, budget), group in _by(rows, lambda r: (r["method"], r["budget"])).items():
        first, later = [r for r in group if not r["question"]], [r for r in group if r["question"]]
        lines.append(
            [
                f"`{method}`", f"{budget:.1%}".replace(".0%", "%"), _share(_mean(first, "score")),
                _share(_mean(later, "score")), _share(_mean(group, "score")),
                _share(_mean(group, "kv_stored_fraction")), _share(_mean(group, "kv_loaded_fraction")),
                human(_mean(group, "loaded_bytes")),
                _share(_mean(later, "cached_tokens") / _mean(later, "prompt_tokens")),
            ]
        )  # fmt: skip
    return markdown(heads, lines)


def _heat(rows: Sequence[Row], budget: float) -> str:
    """Accuracy by third of the depth and by length, for each method at a budget, dense first."""
    lengths = sorted({r["length"] for r in rows})
    chosen = [r for r in rows if r["method"] == "dense" or r["budget"] == budget]
    cells = [(name, length) for length in lengths for name in ("beginning", "middle", "end")]
    lines = []
    for method, group in _by(chosen, lambda r: r["method"]).items():
        places = _by(group, lambda r: (cells[min(2, int(r["depth"] * 3 / 100))][0], r["length"]))
        lines.append([f"`{method}`", *(_share(_mean(places[cell], "score")) for cell in cells)])
    return markdown(["method", *(f"{name}, {length:,}" for name, length in cells)], lines)


def _picture(rows: Sequence[Row]) -> Any:
    """Accuracy against the KV bytes that a pass reads, a line for each method over its budgets."""
    figure = figure_of(7.5, 4.5)
    axes = figure.add_subplot()
    markers = "osD^v<>ph*XP"
    for i, (method, group) in enumerate(_by(rows, lambda r: r["method"]).items()):
        budgets = _by(group, lambda r: r["budget"])
        points = sorted((_mean(g, "loaded_bytes") / 1e6, _mean(g, "score")) for g in budgets.values())
        heavy = method in ("dense", "retrieval")
        axes.plot(
            *zip(*points, strict=True), marker=markers[i % len(markers)], label=method, color=f"C{i % 10}",
            linewidth=2.5 if heavy else 1, markersize=8 if heavy else 5,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xlabel("KV bytes that a pass reads, MB")
    axes.set_ylabel("accuracy")
    axes.set_ylim(-0.03, 1.03)
    axes.legend(fontsize=7, ncols=2)
    return figure
