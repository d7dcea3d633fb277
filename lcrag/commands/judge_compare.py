"""``lcrag judge compare``: two strategies, answer by answer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from lcrag.commands.output import AsJson, printing, say
from lcrag.commands.readers import BaseUrl, Model, build_reader, reader_spec
from lcrag.errors import LcragError


def compare(
    run: Annotated[Path, typer.Argument(help="A run's folder, or its table of outcomes (parquet).")],
    strategy: Annotated[
        list[str] | None, typer.Option(help="One of the two strategies to compare; give it twice.")
    ] = None,
    strategies: Annotated[tuple[str, str] | None, typer.Option(hidden=True)] = None,
    model: Model = "",
    base_url: BaseUrl = "",
    limit: Annotated[
        int | None, typer.Option(min=1, help="The maximum number of pairs, drawn at random.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seeds the draw and the test.")] = 0,
    output: Annotated[Path | None, typer.Option(help="CSV file for one row per pair.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask a judge which of two strategies answers better, in both orders; replies are kept beside the outcomes."""
    import asyncio

    from lcrag.files import write_atomically
    from lcrag.judges.pairs import preferences
    from lcrag.judging.replies import Replies
    from lcrag.judging.tools import Judging, MeteredJudge
    from lcrag.outcomes.table import load_outcomes
    from lcrag.tables import human, many

    pair = [*(strategies or strategy or ())]
    if len(set(pair)) != 2:
        raise LcragError("Give --strategy twice, with the names of two strategies.")
    outcomes = load_outcomes(run)
    if not (model or base_url):
        raise LcragError("Give the judge: --model, with --base-url for a model on a server.")
    judge = build_reader(reader_spec(model, base_url))
    beside = run / "outcomes.parquet" if run.is_dir() else run
    replies = Replies(beside.with_name(f"{beside.stem}.preferences.jsonl"))
    for notice in replies.notices:
        sys.stderr.write(f"lcrag: {notice}\n")
    tools = MeteredJudge(Judging(judge, replies=replies, booked=set(replies.known)))
    result = asyncio.run(preferences(outcomes, pair[0], pair[1], tools, limit=limit, seed=seed))
    with printing(as_json) as print_json:
        say(f"{result}\n")
        spent = f"{many(int(tools.usage.calls), 'call')}, {human(tools.usage.prompt_tokens)} prompt tokens in this run"
        say(f"Judge    {judge.name}\nReplies  {replies.path} ({spent})")
        if output is not None:
            write_atomically(output, result.table.to_csv(index=False))
            say(f"Pairs    {output}")
        print_json(
            {
                "judge": judge.name,
                "strategies": pair,
                "pairs": result.table.to_dict("records"),
                "text": str(result),
            }
        )
