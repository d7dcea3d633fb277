"""The HTML report: one file that opens from disk and needs no network."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from lcrag.analysis.comparison import Comparison
from lcrag.analysis.plots import accuracy_by_kind, accuracy_cost, shaded
from lcrag.analysis.report_questions import CORRECT_THRESHOLD, Evidence, Texts, by_question, wins
from lcrag.analysis.slices import label, slice_cells
from lcrag.errors import reason
from lcrag.files import write_atomically
from lcrag.outcomes.baselines import ORACLE
from lcrag.outcomes.failures import score_failures
from lcrag.schema import Question
from lcrag.tables import known, many

FOLDER = Path(__file__).parent


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
    outcomes: pd.DataFrame,
    comparison: Comparison,
    path: Path,
    *,
    title: str,
    parameters: Mapping[str, Any],
    questions: Mapping[str, Question] | None = None,
    evidence: Evidence | None = None,
) -> None:
    """Write the report, whole or not at all.

    Args:
        outcomes: the table of outcomes, with ``question`` (the text) where it is known.
        comparison: ``compare`` of these outcomes.
        path: the HTML file.
        title: the page's heading.
        parameters: the run's settings, shown at the end.
        questions: the questions by id, for their gold evidence.
        evidence: the passages that each answer named.
    """
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    templates = Environment(loader=FileSystemLoader(FOLDER), autoescape=True)
    cells, metrics = comparison.shown(), comparison.by_metric
    contrast = comparison.contrast
    pair = (contrast.first, contrast.second) if contrast else None
    texts = Texts()
    entries = by_question(outcomes, questions or {}, evidence or {}, pair, texts)
    failed = score_failures(outcomes, "left_out").query("error != ''")
    style, script = (
        Markup((FOLDER / name).read_text("utf-8").strip()) for name in ("report.css", "report.js")
    )
    page = templates.get_template("report.html").render(
        title=title,
        headline=headline(comparison),
        columns=list(cells.columns),
        rows=cells.to_numpy().tolist(),
        groups=comparison.table["group"].tolist(),
        footnotes=comparison.footnotes(),
        size=f"{many(comparison.questions, 'question')} on {many(comparison.documents, 'document')}",
        cost=_figure(lambda: accuracy_cost(comparison)),
        kinds=_figure(lambda: accuracy_by_kind(comparison)),
        slices=[
            (label(name), _figure(partial(shaded, means))) for name, means in comparison.by_slice.items()
        ],
        tested=slice_cells(comparison.slices),
        pair=contrast,
        metric_columns=["strategy", *metrics.columns],
        metric_rows=[[name, *(known(v, ".2f") for v in row)] for name, *row in metrics.itertuples()]
        if len(metrics.columns)
        else [],
        failed=failed[["strategy", "question_id", "error"]].to_numpy().tolist(),
        questions=entries,
        passages=texts.entries,
        wins=wins(entries, pair),
        threshold=CORRECT_THRESHOLD,
        style=style,
        script=script,
        script_hash=_hash(script),
        parameters=_flat(parameters),
    )
    write_atomically(path, page)


def _figure(draw: Callable[[], Any]) -> dict[str, str]:
    """The picture's ``url``, or the ``error`` for which there is none: the rest of the report stands without it."""
    try:
        return {"url": _picture(draw())}
    except Exception as error:
        return {"error": reason(error)}


def _picture(figure: Any) -> str:
    """The figure as the data URL of an SVG in which text stays text."""
    import matplotlib as mpl

    image = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "lcrag"}):
        figure.savefig(image, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(image.getvalue()).decode()


def _hash(script: str) -> str:
    """The script's hash as a content security policy names it: a browser runs no other script on the page."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def _flat(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Nested parameters as dotted names."""
    if isinstance(value, Mapping):
        return [pair for k, v in value.items() for pair in _flat(v, f"{name}.{k}" if name else str(k))]
    if isinstance(value, list | tuple):
        return [pair for i, v in enumerate(value) for pair in _flat(v, f"{name}[{i}]")]
    return [(name, str(value))]
