"""The HTML report: one file that opens from disk and needs no network."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from lcrag.analysis.comparison import Comparison
from lcrag.analysis.plots import accuracy_by_kind, accuracy_cost, shaded
from lcrag.analysis.slices import label, slice_cells
from lcrag.errors import reason
from lcrag.files import write_atomically
from lcrag.outcomes.baselines import ORACLE
from lcrag.outcomes.failures import score_failures
from lcrag.tables import human, many

SHOWN = (
    "question_id",
    "document_id",
    "kind",
    "question",
    "gold",
    "strategy",
    "answer",
    "error",
    "failure",
    "score",
    "read_prompt_tokens",
    "read_cached_tokens",
    "read_completion_tokens",
)  # columns of the answers by question


def headline(comparison: Comparison) -> list[str]:
    """The verdict, and what a router could reach at best."""
    sentences = [comparison.verdict]
    table = comparison.table.set_index("name")
    if ORACLE in table.index and table.loc[ORACLE].accuracy > 0:
        ceiling = table.loc[ORACLE].accuracy
        sentences.append(
            f"The best strategy for each question (oracle) would reach {ceiling:.0%}: no router can do better."
        )
    return sentences


def write_report(
    outcomes: pd.DataFrame, comparison: Comparison, path: Path, *, title: str, parameters: Mapping[str, Any]
) -> None:
    """Write the report, whole or not at all.

    Args:
        outcomes: the table of outcomes, with ``question`` (the text) where it is known.
        comparison: ``compare`` of these outcomes.
        path: the HTML file.
        title: the page's heading.
        parameters: the run's settings, shown at the end.
    """
    from jinja2 import Environment, FileSystemLoader

    templates = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    cells = comparison.shown()
    page = templates.get_template("report.html").render(
        title=title,
        headline=headline(comparison),
        columns=list(cells.columns),
        rows=list(zip(comparison.table["group"], cells.to_numpy().tolist(), strict=True)),
        footnotes=comparison.footnotes(),
        size=f"{many(comparison.questions, 'question')} on {many(comparison.documents, 'document')}",
        cost=_figure(accuracy_cost, comparison),
        kinds=_figure(accuracy_by_kind, comparison),
        slices=[
            (label(name), _figure(lambda _, means=means: shaded(means), comparison))  # type: ignore[misc]
            for name, means in comparison.by_slice.items()
        ],
        tested=slice_cells(comparison.slices),
        pair=comparison.contrast,
        metrics=comparison.by_metric,
        failed=score_failures(outcomes, "left_out").query("error != ''").to_dict("records"),
        questions=_by_question(outcomes),
        parameters=_flat(parameters),
    )
    write_atomically(path, page)


def _figure(draw: Callable[[Comparison], Any], comparison: Comparison) -> dict[str, str]:
    """The picture's ``url``, or the ``error`` for which there is none: the rest of the report stands without it."""
    try:
        return {"url": _picture(draw(comparison))}
    except Exception as error:
        return {"error": reason(error)}


def _picture(figure: Any) -> str:
    """The figure as the data URL of an SVG in which text stays text."""
    import matplotlib as mpl

    image = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "lcrag"}):
        figure.savefig(image, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(image.getvalue()).decode()


def _by_question(outcomes: pd.DataFrame) -> list[dict[str, Any]]:
    # records are made once for the whole table: pandas takes milliseconds for each frame, however small
    columns = outcomes.columns.intersection(SHOWN)
    by_question: dict[str, list[dict[str, Any]]] = {}
    for record in outcomes[columns].to_dict("records"):
        by_question.setdefault(record["question_id"], []).append(record)
    return [
        {"id": name, "document": rows[0]["document_id"], "kind": rows[0]["kind"], "text": rows[0].get("question", ""),
         "gold": rows[0].get("gold", ""), "answers": [_answer(r) for r in rows],
         "right": sum(r["score"] == 1 for r in rows)}
        for name, rows in by_question.items()
    ]  # fmt: skip


def _answer(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "strategy": row["strategy"],
        "answer": row["error"] or row.get("failure") or row["answer"],
        "failed": bool(row["error"] or row.get("failure")),
        "score": "-" if pd.isna(row["score"]) else f"{row['score']:.2f}",
        "prompt": human(float(row["read_prompt_tokens"])),
        "cached": human(float(row["read_cached_tokens"])),
        "written": human(float(row["read_completion_tokens"])),
    }


def _flat(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Nested parameters as dotted names."""
    if isinstance(value, Mapping):
        return [pair for k, v in value.items() for pair in _flat(v, f"{name}.{k}" if name else str(k))]
    if isinstance(value, list | tuple):
        return [pair for i, v in enumerate(value) for pair in _flat(v, f"{name}[{i}]")]
    return [(name, str(value))]
