"""What routers learn from on the command line: options of ``lcrag replay`` and ``lcrag fit``, and what they name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lcrag.commands.published import outcomes_at
from lcrag.errors import LcragError

if TYPE_CHECKING:
    import pandas as pd

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


def routers_of(names: list[str] | None, file: Path | None, otherwise: tuple[str, ...]) -> list[Any]:
    """The routers of the options, or those that are named ``otherwise``.

    Raises:
        LcragError: the file has no list of routers, or one of them asks a model.
    """
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


def outcomes_of(
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


def examples_from(
    table: pd.DataFrame,
    strategies: list[str] | None,
    routers: list[Any],
    cost: str,
    cache: str,
    arms: str = "strategy",
) -> Examples:
    """What routers see of the outcomes, with embeddings if one of the routers needs them."""
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
