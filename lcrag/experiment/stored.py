"""A run read from its folder: its table and report can be made again without a model or a server."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcrag.errors import LcragError, reason
from lcrag.experiment.journal import read_journal
from lcrag.experiment.pages import Pages
from lcrag.files import write_atomically
from lcrag.outcomes.table import load_outcomes
from lcrag.schema import Outcome
from lcrag.tables import in_columns, many

if TYPE_CHECKING:
    import pandas as pd

    from lcrag.analysis.comparison import Comparison


def save_replay(
    folder: Path,
    routers: Mapping[str, Mapping[str, Sequence[str]]],
    cost: str,
    seed: int,
    scoring: str,
    remarks: Sequence[str],
    windows: Mapping[str, float],
) -> None:
    """Write what the table is made with beside the outcomes: what routers chose, its footnotes, readers' windows."""
    content = {
        "cost": cost,
        "seed": seed,
        "scoring": scoring,
        "windows": {model: tokens for model, tokens in windows.items() if not isnan(tokens)},
        "remarks": [*remarks],
        "routers": routers,
    }
    write_atomically(folder / "comparison.json", json.dumps(content, indent=1, default=dict))


def load_run(folder: Path) -> Pages:
    """The table and the settings of a run.

    Where the run was stopped before it wrote ``outcomes.parquet``, the finished rows of its journal are taken.

    Raises:
        LcragError: the folder holds no outcomes, or a file in it is damaged.
    """
    parameters = read_json(folder / "experiment.json")
    stored = read_json(folder / "comparison.json")
    given = stored.get("remarks", ())
    remarks = [str(r) for r in (stored.get("scoring", ""), *(given if isinstance(given, list) else ())) if r]
    whole, journal = folder / "outcomes.parquet", folder / "outcomes.jsonl"
    if whole.is_file():
        table = load_outcomes(whole)
        if journal.is_file() and journal.stat().st_mtime > whole.stat().st_mtime:
            remarks.append(f"{journal} is newer than this table: run again for a table with its rows.")
    elif journal.is_file():
        content = read_journal(journal)
        rows = [*content.rows.values()]
        if not rows:
            raise LcragError(f"{journal} holds no finished rows yet: run again.")
        table = table_of(rows)
        remarks += [f"The run has not ended: {many(len(table), 'row')} so far.", *content.damaged]
    else:
        raise LcragError(f"There are no outcomes in {folder}: give the output folder of a run.")

    def comparison() -> Comparison:
        from lcrag.analysis.comparison import compare

        routers = stored.get("routers", {}) if whole.is_file() else {}
        settings = {"cost": stored.get("cost", "auto"), "seed": stored.get("seed", 0)}
        try:
            return compare(table, routers=routers, remarks=remarks, **settings)
        except (TypeError, AttributeError, LookupError, ValueError) as error:
            raise LcragError(
                f"{folder / 'comparison.json'} does not fit the table ({reason(error)}): remove it."
            ) from error

    return Pages(folder, table, comparison, parameters, str(parameters.get("name", folder.resolve().name)))


def known_window(folder: Path, reader: str) -> float | None:
    """The reader's window as an earlier run in the folder has written it; ``None`` where it has not."""
    try:
        return float(read_json(folder / "comparison.json")["windows"][reader])
    except (LcragError, KeyError, TypeError, ValueError):
        return None


def table_of(rows: Sequence[Outcome]) -> pd.DataFrame:
    """Outcomes as a table; of several for one question and strategy the last."""
    import pandas as pd

    by_cell = {(o.question_id, o.strategy): o for o in rows}
    return pd.DataFrame(in_columns(o.flat() for o in by_cell.values()))


def read_json(path: Path) -> dict[str, Any]:
    """The mapping in a JSON file; empty where there is no file."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise LcragError(f"{path} cannot be read ({error}): restore it, or remove it.") from error
    if not isinstance(content, dict):
        raise LcragError(f"{path} is damaged: a mapping is expected. Restore it, or remove it.")
    return content
