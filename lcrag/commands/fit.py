"""``lcrag fit``: a router that has learned, for an application."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lcrag.commands.output import say
from lcrag.commands.published import check_texts, published_name
from lcrag.commands.router_inputs import (
    Cache,
    Cost,
    Exclude,
    Kind,
    Outcomes,
    Routers,
    Rule,
    Strategy,
    examples_from,
    outcomes_of,
    routers_of,
)
from lcrag.errors import LcragError


def fit(
    outcomes: Outcomes,
    output: Annotated[Path, typer.Argument(help="Router file to write.")],
    router: Annotated[str, typer.Option(help="The router by name.")] = "quality",
    routers: Routers = None,
    strategy: Strategy = None,
    kind: Kind = None,
    exclude: Exclude = None,
    failures: Rule = None,
    cost: Cost = "tokens",
    cache: Cache = "warm",
) -> None:
    """Let one router learn from outcomes, or a bandit from feedback, and save it for an application."""
    from lcrag.commands.feedback import check_learns_from_feedback, feedback_at
    from lcrag.routers import save_router
    from lcrag.serving.feedback_table import is_feedback
    from lcrag.tables import many

    chosen, *more = routers_of([] if routers else [router], routers, ()) or [None]
    if more or chosen is None:
        raise LcragError(
            f"{routers} has {many(len(more) + (chosen is not None), 'router')}: give one to fit."
        )
    if is_feedback(outcomes):
        check_learns_from_feedback(chosen)
        examples = feedback_at(outcomes, strategy, kind, cost, cache)
    else:
        check_texts([chosen], published_name(outcomes))
        examples = examples_from(
            outcomes_of(outcomes, kind, exclude, failures), strategy, [chosen], cost, cache
        )
    save_router(chosen.fit(examples), output)
    say(f"{chosen.name} learned from {many(len(examples), 'query', 'queries')}: {output}")
