"""``lcrag replay`` and ``lcrag fit``: routers on outcomes that exist."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lcrag.commands.output import AsJson, printing, say
from lcrag.commands.published import check_texts, outcomes_at, print_headline, published_name, testable
from lcrag.commands.tracked import ExperimentName, Mlflow, TrackingUri, log_result
from lcrag.errors import LcragError, reason

if TYPE_CHECKING:
    import pandas as pd

    from lcrag.experiment.tracking.analyses import Analysis
    from lcrag.replay.comparison import RoutingComparison
    from lcrag.routers.learning.examples import Examples

Outcomes = Annotated[
    Path,
    typer.Argument(
        metavar="RUN",
        help="A run's folder, a table of outcomes (parquet), a folder of feedback, or lara or nocha.",
    ),
]
Router = Annotated[
    list[str] | None,
    typer.Option(help="A router by name; may be repeated. Default: all that suit the strategies."),
]
Routers = Annotated[Path | None, typer.Option(help="YAML with a list of routers.")]
Strategy = Annotated[
    list[str] | None, typer.Option(help="Choose among these strategies only; may be repeated.")
]
Kind = Annotated[list[str] | None, typer.Option(help="Only questions of this kind; may be repeated.")]
Exclude = Annotated[
    list[str] | None,
    typer.Option(help="Leave out questions with this known defect, or `all`; may be repeated."),
]
Cost = Annotated[str, typer.Option(help="tokens, flops, dollars, or auto: flops where all are known.")]
Cache = Annotated[str, typer.Option(help="warm: cached prompt tokens are not counted; cold: they are.")]
Arms = Annotated[
    str,
    typer.Option(
        help="What is chosen: strategy, or model,strategy for pairs such as `gpt-4o: long_context`."
    ),
]
Rule = Annotated[
    str | None,
    typer.Option(
        help="left_out: failed calls are left out; wrong: they score 0. Default: as the table has them."
    ),
]
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
        chosen = [load_router(f) for f in load or ()] or _routers(router, routers, ())
        with printing(as_json) as result:
            result({"values": print_values(chosen, outcomes, strategy, kind, cost, cache, seed)})
        return
    table = _table(outcomes, kind, exclude, failures)
    published = published_name(outcomes)
    every = _every(strategy or table["strategy"] if arms == "strategy" else ())
    chosen = [load_router(f) for f in load] if load else _routers(router, routers, every)
    by_default = not (load or router or routers)
    if published and by_default:
        chosen = [r for r in chosen if not r.needs_text]
    check_texts(chosen, published)
    examples = _examples(table, strategy, chosen, cost, cache, arms)
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

    chosen, *more = _routers([] if routers else [router], routers, ()) or [None]
    if more or chosen is None:
        raise LcragError(
            f"{routers} has {many(len(more) + (chosen is not None), 'router')}: give one to fit."
        )
    if is_feedback(outcomes):
        check_learns_from_feedback(chosen)
        examples = feedback_at(outcomes, strategy, kind, cost, cache)
    else:
        check_texts([chosen], published_name(outcomes))
        examples = _examples(_table(outcomes, kind, exclude, failures), strategy, [chosen], cost, cache)
    save_router(chosen.fit(examples), output)
    sys.stdout.write(f"{chosen.name} learned from {many(len(examples), 'query', 'queries')}: {output}\n")


def _routers(names: list[str] | None, file: Path | None, otherwise: tuple[str, ...]) -> list[Any]:
    from lcrag.components.build import build
    from lcrag.components.yaml_file import read_yaml
    from lcrag.routers.learning.router import ReplayableRouter

    specs: list[Any] = list(names or [])
    where = "--router"
    if file is not None:
        content = read_yaml(file)
        listed = content.get("routers") if isinstance(content, dict) else content
        if not isinstance(listed, list):
            raise LcragError(f"{file}: a list of routers is expected, or a mapping with the key 'routers'.")
        specs, where = [*specs, *listed], str(file)
    routers = [build("router", spec, where) for spec in specs or otherwise]
    for router in routers:
        if not isinstance(router, ReplayableRouter):
            raise LcragError(f"Router {router.name} asks a model: run it as a `routed` strategy instead.")
    return routers


def _every(strategies: Iterable[str]) -> tuple[str, ...]:
    """The names of the routers that suit the strategies."""
    return EVERY if set(PAIR) <= set(strategies) else tuple(r for r in EVERY if r not in NEED_PAIR)


def _table(
    path: Path, kinds: list[str] | None, exclude: list[str] | None, failures: str | None
) -> pd.DataFrame:
    """The outcomes at ``path``, of these kinds and without these defects, failed calls under this rule."""
    from lcrag.outcomes import score_failures, without_defects

    table = outcomes_at(path)
    if failures:
        table = score_failures(table, failures)  # type: ignore[arg-type]
    if exclude:
        table = without_defects(table, None if exclude == ["all"] else exclude)
    if kinds:
        known = sorted(set(table["kind"]))
        if unknown := [k for k in kinds if k not in known]:
            raise LcragError(
                f"{path} has no questions of the kind {unknown[0]!r}; there are: {', '.join(known)}."
            )
        table = table[table["kind"].isin(kinds)]
    return table


def _examples(
    table: pd.DataFrame,
    strategies: list[str] | None,
    routers: list[Any],
    cost: str,
    cache: str,
    arms: str = "strategy",
) -> Examples:
    from lcrag.replay import examples_of
    from lcrag.routers.learning.router import ReplayableRouter

    embedder = None
    if any(isinstance(r, ReplayableRouter) and r.needs_embedding for r in routers):
        from lcrag.runtime.defaults import default_embedder

        embedder = default_embedder()
    return examples_of(
        table,
        strategies=strategies,
        cost=cost,  # type: ignore[arg-type]
        cache=cache,  # type: ignore[arg-type]
        embedder=embedder,
        arms=arms.split(","),
    )


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
