"""``lcrag import``: published answers as outcomes."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lcrag.commands.examples import examples
from lcrag.commands.readers import build_reader, reader_spec

if TYPE_CHECKING:
    import pandas as pd


app = typer.Typer(no_args_is_help=True, help="Make a table of outcomes from published answers.")
Output = Annotated[Path, typer.Option(help="Parquet file to write.")]


class Scores(StrEnum):
    """How LaRA's answers are scored."""

    sound = "sound"
    recall = "recall"


class Failures(StrEnum):
    """What failed calls count as."""

    left_out = "left_out"
    wrong = "wrong"


@app.command(epilog=examples("import lara"))
def lara(
    folder: Annotated[Path, typer.Argument(help="The LaRA repository.")],
    output: Output = Path("lara.parquet"),
    scores: Annotated[
        Scores, typer.Option(help="sound: no score where a judge is needed; recall: token recall there.")
    ] = Scores.sound,
    failures: Annotated[
        Failures, typer.Option(help="left_out: failed calls have no score; wrong: they score 0.")
    ] = Failures.left_out,
    features: Annotated[
        bool, typer.Option(help="Add features that routers learn from; reads the documents.")
    ] = True,
    judge_model: Annotated[
        str, typer.Option(help="A model that judges the answers without a sound score.")
    ] = "",
    judge_base_url: Annotated[str, typer.Option(help="OpenAI-compatible server of the judge.")] = "",
    judge_limit: Annotated[int | None, typer.Option(help="The maximum number of answers to judge.")] = None,
) -> None:
    """LaRA: long-context and retrieval answers of 12 models to 2,326 questions."""
    from lcrag.outcomes import score_failures
    from lcrag.published.lara import import_lara

    outcomes = import_lara(folder, scores=scores.value, features=features)
    if judge_model:
        import asyncio

        from lcrag.published.judge import judge
        from lcrag.runtime.calls import CallJournal

        # of a judge that was stopped
        verdicts = CallJournal(output.with_name(f"{output.name}.verdicts.jsonl"))
        reader = build_reader(reader_spec(judge_model, judge_base_url))
        outcomes = asyncio.run(judge(outcomes, reader, limit=judge_limit, calls=verdicts))
        _write(score_failures(outcomes, failures.value), output)
        verdicts.path.unlink(missing_ok=True)
        return
    _write(score_failures(outcomes, failures.value), output)


@app.command("lara-table", epilog=examples("import lara-table"))
def lara_table(
    file: Annotated[Path, typer.Argument(help="paper_main_table.json")],
    output: Output = Path("lara_table.parquet"),
) -> None:
    """LaRA's main table: the published accuracies."""
    from lcrag.published.lara_table import import_lara_table

    _write(import_lara_table(file), output)


@app.command(epilog=examples("import nocha"))
def nocha(
    file: Annotated[Path, typer.Argument(help="data_sample.json")],
    output: Output = Path("nocha.parquet"),
    pairs: Annotated[bool, typer.Option(help="One row for each pair of claims, or for each claim.")] = True,
) -> None:
    """NoCha: verdicts of 18 settings on 63 pairs of claims about novels."""
    from lcrag.published.nocha import import_nocha

    _write(import_nocha(file, pairs=pairs), output)


def _write(outcomes: pd.DataFrame, output: Path) -> None:
    from lcrag.outcomes.failures import counted_wrong
    from lcrag.outcomes.table import flags, save_outcomes
    from lcrag.tables import many

    save_outcomes(outcomes, output)
    scored = int(outcomes["score"].notna().sum())
    failed = int((outcomes["error"] != "").sum())
    wrong = int(counted_wrong(outcomes).sum())
    lines = [
        f"{many(len(outcomes), 'outcome')} in {output}: {many(outcomes['question_id'].nunique(), 'question')}, "
        f"{many(outcomes['model'].nunique(), 'model')}, "
        f"{many(outcomes['strategy'].nunique(), 'strategy', 'strategies')}; "
        f"{scored} scored, {failed} failed, {len(outcomes) - scored - failed} without a score."
    ]
    if wrong:
        lines.append(f"Failed calls that count as wrong (score 0): {wrong}.")
    if wrong and failed:
        lines.append("The other failed calls are left out: answers to the same questions have no score.")
    elif failed:
        lines.append("Failed calls are left out of every figure; with --failures wrong they score 0.")
    for name in flags(outcomes):
        count = outcomes.loc[outcomes[f"flag_{name}"], "question_id"].nunique()
        lines.append(f"Known defect {name}: {many(count, 'question')} (lcrag replay --exclude {name}).")
    sys.stdout.write("\n".join(lines) + "\n")
