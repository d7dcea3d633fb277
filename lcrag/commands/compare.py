"""``lcrag compare``: several runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lcrag.commands.output import AsJson, printing, say
from lcrag.errors import LcragError

if TYPE_CHECKING:
    from lcrag.analysis.runs import RunsComparison


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN RUN...",
            help="Runs' folders, or tables of outcomes (parquet); the first is what "
            "the others are tested against.",
        ),
    ],
    shared: Annotated[
        bool,
        typer.Option("--shared", help="Where the questions differ: compare on those that all runs have."),
    ] = False,
    strategy: Annotated[
        list[str] | None, typer.Option(help="Only this strategy; may be repeated. Default: all.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seeds the tests.")] = 0,
    output: Annotated[
        Path | None, typer.Option(help="Folder for the table as Markdown, LaTeX, CSV and JSON.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare finished runs on the same questions: other models, settings or versions. No model is asked.

    Each strategy is tested against that of the first run, in pairs by document.
    """  # fmt: skip
    from lcrag.analysis.runs import compare_runs
    from lcrag.experiment.stored import read_json
    from lcrag.outcomes.table import load_outcomes
    from lcrag.tables import paragraph

    names = _names(runs)
    tables = {name: load_outcomes(path) for name, path in zip(names, runs, strict=True)}
    settings = [read_json(path / "experiment.json") if path.is_dir() else {} for path in runs]
    comparison = compare_runs(
        tables, shared=shared, strategies=strategy or (), seed=seed, remarks=_differences(names, settings)
    )
    with printing(as_json) as print_json:
        say(f"{comparison}\n\n{paragraph(comparison.verdict)}")
        if output is not None:
            _write(comparison, output)
            say(f"\nTables   compare.md, compare.tex, compare.csv, compare.json in {output}")
        print_json(comparison.to_mapping())


def _names(runs: Sequence[Path]) -> list[str]:
    """The folders' names, with as much of the path as tells them apart."""
    paths = [path.with_suffix("") if path.is_file() else path for path in (p.resolve() for p in runs)]
    if len(set(paths)) < len(paths):
        raise LcragError(f"{runs[0] if len(runs) == 2 else 'A run'} is given twice: give different runs.")
    for parts in range(1, max(len(p.parts) for p in paths) + 1):
        names = ["/".join(p.parts[-parts:]) for p in paths]
        if len(set(names)) == len(names):
            break
    return names


def _differences(names: Sequence[str], settings: Sequence[dict[str, object]]) -> list[str]:
    """What differs between the runs beside what the table shows: the data set's content, and the metric."""
    remarks = []
    for key, what in (("dataset_digest", "data sets"), ("metric", "metrics that decide")):
        values = [str(s.get(key, "")) for s in settings]
        known = [(n, v) for n, v in zip(names, values, strict=True) if v]
        if len({v for _, v in known}) > 1:
            shown = ", ".join(f"{n} {v[:12]}" for n, v in known)
            remarks.append(f"The runs' {what} are not the same ({shown}): a difference may come from that.")
    return remarks


def _write(comparison: RunsComparison, folder: Path) -> None:
    from lcrag.files import json_text, write_atomically

    write_atomically(folder / "compare.md", comparison.to_markdown())
    write_atomically(folder / "compare.tex", comparison.to_latex() + "\n")
    write_atomically(folder / "compare.csv", comparison.table.to_csv(index=False, lineterminator="\n"))
    write_atomically(folder / "compare.json", json_text(comparison.to_mapping()))
