"""``lcrag replay``: routers on outcomes that exist."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lcrag.commands.output import AsJson, printing, say
from lcrag.commands.published import check_texts, print_headline, published_name, testable
from lcrag.commands.router_inputs import (
    Arms,
    Cache,
    Cost,
    Exclude,
    Kind,
    Outcomes,
    Router,
    Routers,
    Rule,
    Strategy,
    examples_from,
    outcomes_of,
    routers_of,
)
from lcrag.commands.tracked import ExperimentName, Mlflow, TrackingUri, log_result
from lcrag.errors import LcragError, reason

if TYPE_CHECKING:
    from lcrag.experiment.tracking.analyses import Analysis
    from lcrag.replay.comparison import RoutingComparison

EVERY = ("lara_rule", "lara_prior", "feature", "quality", "knn", "tfidf", "adaptive_rag", "probe", "cascade",
         "linucb", "thompson")  # fmt: skip
PAIR = ("chunked_retrieval", "long_context")
NEED_PAIR = ("lara_rule", "lara_prior", "probe")  # they choose between these two unless told otherwise


def replay(
    outcomes: Outcomes,
    router: Router = None,
    routers: Routers = None,
    load: Annotated[
        list[Path] | None, typer.Option(help="The file of a fitted router; it is not fitted again.")
    ] = None,
    strategy: Strategy = None,
    kind: Kind = None,
    exclude: Exclude = None,
    failures: Rule = None,
    cost: Cost = "tokens",
    cache: Cache = "warm",
    arms: Arms = "strategy",
    split: Annotated[str, typer.Option(help="document, task, model or length.")] = "document",
    folds: Annotated[int, typer.Option(help="Number of folds of the document split.")] = 5,
    fold_seeds: Annotated[int, typer.Option(help="Repeat the document split with this many seeds.")] = 1,
    seed: Annotated[int, typer.Option(help="Seeds the folds and the bootstrap.")] = 0,
    output: Annotated[Path | None, typer.Option(help="Folder for table, picture and decisions.")] = None,
    mlflow: Mlflow = False,
    tracking_uri: TrackingUri = "",
    experiment: ExperimentName = "lcrag",
    as_json: AsJson = False,
) -> None:
    """What routers would have scored and cost on outcomes that exist, or estimated from feedback: no model is asked."""
    import numpy as np

    from lcrag.commands.feedback import print_values
    from lcrag.replay import evaluate
    from lcrag.routers import load_router
    from lcrag.routers.budget import for_all
    from lcrag.serving.feedback_table import is_feedback

    if load and (router or routers):
        raise LcragError("Give either --load for fitted routers, or --router and --routers to fit: not both.")
    if is_feedback(outcomes):
        chosen = [load_router(f) for f in load or ()] or routers_of(router, routers, ())
        with printing(as_json) as result:
            result({"values": print_values(chosen, outcomes, strategy, kind, cost, cache, seed)})
        return
    table = outcomes_of(outcomes, kind, exclude, failures)
    published = published_name(outcomes)
    every = _every(strategy or table["strategy"] if arms == "strategy" else ())
    chosen = [load_router(f) for f in load] if load else routers_of(router, routers, every)
    by_default = not (load or router or routers)
    if published and by_default:
        chosen = [r for r in chosen if not r.needs_text]
    check_texts(chosen, published)
    examples = examples_from(table, strategy, chosen, cost, cache, arms)
    scored = int(np.isfinite(examples.scores + examples.costs).all(1).sum())
    chosen = [for_all(r, scored) for r in chosen]
    if published and by_default:
        chosen = testable(chosen, examples)
    try:
        comparison = evaluate(
            chosen,
            examples,
            split=None if load else split,  # type: ignore[arg-type]
            folds=folds,
            seed=seed,
            fold_seeds=fold_seeds,
        )
    except Exception as error:
        if isinstance(error, LcragError) or not load:
            raise
        # what a file from elsewhere makes of a router's arrays is known only when it decides
        files = ", ".join(map(str, load))
        raise LcragError(
            f"{files} holds a router that cannot decide ({reason(error)}): fit it again."
        ) from error
    with printing(as_json) as result:
        say(str(comparison))
        if published and arms == "strategy":  # what the paper says of its strategies
            print_headline(table, strategy, comparison, seed)
        if output is not None:
            _save(comparison, output)
            say(f"\nTable    {output / 'routing.md'}\nPicture  {output / 'quality_cost.png'}")
        result(
            {
                "queries": comparison.queries,
                "documents": comparison.documents,
                "unit": comparison.unit,
                "best": comparison.best,
                "table": comparison.table.to_dict("records"),
                "notes": comparison.notes(),
            }
        )

        def analysis() -> Analysis:
            from lcrag.components.settings import settings
            from lcrag.experiment.tracking.curves import replay_analysis
            from lcrag.replay.plots import quality_cost

            given = {"outcomes": str(outcomes), "folds": folds, "fold_seeds": fold_seeds, "seed": seed, "cost": cost,
                     "cache": cache, "kinds": list(kind or ()), "exclude": list(exclude or ()), "failures": failures,
                     "arms": arms, "strategies": list(examples.strategies),
                     "routers": [settings(r) for r in chosen]}  # fmt: skip
            figures = {"quality_cost.png": quality_cost(comparison)}
            return replay_analysis(comparison, f"replay {outcomes}", given, figures)

        log_result(mlflow, tracking_uri, experiment, analysis)


def _every(strategies: Iterable[str]) -> tuple[str, ...]:
    """The names of the routers that suit the strategies."""
    return EVERY if set(PAIR) <= set(strategies) else tuple(r for r in EVERY if r not in NEED_PAIR)


def _save(comparison: RoutingComparison, folder: Path) -> None:
    from lcrag.files import write_atomically
    from lcrag.replay.plots import quality_cost
    from lcrag.tables import markdown

    notes = "\n".join(f"- {note}" for note in comparison.notes())
    tables = "\n\n".join(
        f"## {name}: best strategy (rows) by chosen one\n\n{markdown(table.reset_index().astype(str))}"
        for name, table in comparison.confusion.items()
    )
    write_atomically(
        folder / "routing.md", f"# Routing\n\n{comparison.to_markdown()}\n\n{notes}\n\n{tables}\n"
    )
    write_atomically(folder / "routing.csv", comparison.table.to_csv(index=False))
    image, decisions = io.BytesIO(), io.BytesIO()
    quality_cost(comparison).savefig(image, format="png", dpi=150)
    write_atomically(folder / "quality_cost.png", image.getvalue())
    comparison.decisions().to_parquet(decisions, index=False)
    write_atomically(folder / "decisions.parquet", decisions.getvalue())
