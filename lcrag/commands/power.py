"""``lcrag power``: how many questions and documents a comparison needs."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lcrag.commands.output import AsJson, printing, say
from lcrag.errors import LcragError
from lcrag.tables import paragraph

if TYPE_CHECKING:
    from lcrag.statistics import Variation

DIFFERENCES = (0.05, 0.1, 0.15, 0.2, 0.3)  # shown where none is asked for


def power(
    outcomes: Annotated[
        Path | None,
        typer.Argument(metavar="RUN", help="A pilot: a run's folder, or a table of outcomes (parquet)."),
    ] = None,
    questions: Annotated[int | None, typer.Option(min=1, help="Questions; default: the pilot's.")] = None,
    documents: Annotated[int | None, typer.Option(min=1, help="Documents; default: the pilot's.")] = None,
    difference: Annotated[
        list[float] | None,
        typer.Option(min=1, max=100, help="A difference to show, in points (of 100); may be repeated."),
    ] = None,
    strategy: Annotated[
        list[str] | None,
        typer.Option(
            help="The two strategies of the pilot; give it twice. Default: retrieval and long context."
        ),
    ] = None,
    comparisons: Annotated[int, typer.Option(min=1, max=50, help="Tests that Holm's correction is for.")] = 1,
    variance: Annotated[
        float | None,
        typer.Option(
            min=0.01, max=1, help="Variance of a question's difference; default: the pilot's, or 0.5."
        ),
    ] = None,
    correlation: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Of differences on one document; default: the pilot's, or 0.1."),
    ] = None,
    alpha: Annotated[float, typer.Option(min=0.001, max=0.5, help="Level of the two-sided test.")] = 0.05,
    power: Annotated[
        float, typer.Option(min=0.5, max=0.99, help="Probability to show the difference.")
    ] = 0.8,
    as_json: AsJson = False,
) -> None:
    """How many questions do I need? From a pilot run, or from --questions and --documents alone."""
    from lcrag.statistics import Variation, smallest_difference
    from lcrag.statistics.power import even
    from lcrag.statistics.variation import design_effect

    with printing(as_json) as result:
        given = Variation()
        sizes: tuple[int, ...] = ()
        if outcomes is not None:
            given, sizes = _pilot(outcomes, strategy)
        elif questions is None or documents is None:
            raise LcragError("Give a pilot run, or both --questions and --documents.")
        elif strategy:
            raise LcragError("--strategy names strategies of a pilot run: give its folder, too.")
        if questions or documents:
            planned = questions or sum(sizes), documents or len(sizes)
            if planned[0] < planned[1]:
                raise LcragError(
                    f"{planned[0]} questions cannot be on {planned[1]} documents: give more questions."
                )
            sizes = even(*planned)
        given = Variation(
            given.variance if variance is None else variance,
            given.correlation if correlation is None else correlation,
        )
        _say(
            f"Variance of a question's difference {given.variance:.2f}, correlation within documents "
            f"{given.correlation:.2f}: {sum(sizes)} questions on {len(sizes)} documents tell as much as "
            f"{sum(sizes) / design_effect(sizes, given.correlation):.0f} on a document each."
        )
        smallest = smallest_difference(sizes, given, target=power, alpha=alpha, comparisons=comparisons)
        _say(_what_is_seen(sizes, smallest, power, alpha, comparisons))
        _say("")
        needs = _print_needs(
            [d / 100 for d in difference or ()] or DIFFERENCES, sizes, given, power, alpha, comparisons
        )
        _say(
            "Two-sided paired sign-flip test by document, as in the tables of a run; the power is that of simulated "
            "tables of right and wrong answers."
        )
        result(
            {
                "questions": sum(sizes),
                "documents": len(sizes),
                "variance": given.variance,
                "correlation": given.correlation,
                "smallest_difference": smallest,
                "power": power,
                "alpha": alpha,
                "comparisons": comparisons,
                "needed": needs,
            }
        )


def _pilot(path: Path, strategies: list[str] | None) -> tuple[Variation, tuple[int, ...]]:
    """The variation of the pilot's differences, and its questions on each document."""
    from lcrag.analysis.comparison import compare
    from lcrag.outcomes import load_outcomes
    from lcrag.statistics import Variation

    table = load_outcomes(path)
    if strategies:
        names = list(dict.fromkeys(table["strategy"]))
        if len(set(strategies)) != 2:
            raise LcragError("Give --strategy twice, with the names of two strategies.")
        if unknown := [s for s in strategies if s not in names]:
            raise LcragError(f"{path} has no strategy {unknown[0]!r}; there are: {', '.join(names)}.")
        table = table[table["strategy"].isin(strategies)].assign(closed_book=False)
    pair = compare(table).contrast
    if pair is None or not pair.sizes:
        raise LcragError(
            f"{path} has no two strategies that are scored on the same questions: run another pilot."
        )
    _say(f"{pair.first} and {pair.second} on {path}")
    if pair.variation.variance > 0:
        return pair.variation, pair.sizes
    _say("Their scores never differ here, so the variance is assumed.")
    return Variation(), pair.sizes


def _what_is_seen(
    sizes: tuple[int, ...], smallest: float, power: float, alpha: float, comparisons: int
) -> str:
    from lcrag.statistics import min_documents
    from lcrag.tables import many

    documents, size = len(sizes), f"{sum(sizes)} questions on {many(len(sizes), 'document')}"
    needed = min_documents(alpha, comparisons)
    tests = "" if comparisons == 1 else f" and {comparisons} tests"
    if documents < needed:
        return f"No difference can be significant with {many(documents, 'document')}{tests}: take at least {needed}."
    if isnan(smallest):
        return f"With {size}{tests} no difference is seen with {power:.0%} power."
    return f"With {size}{tests} differences under {100 * smallest:.0f} points cannot be seen ({power:.0%} power)."


def _print_needs(
    differences: list[float] | tuple[float, ...],
    sizes: tuple[int, ...],
    given: Variation,
    power: float,
    alpha: float,
    comparisons: int,
) -> list[dict[str, float]]:
    """Print the documents and questions needed, with as many questions on each document as in the plan, and with one.

    Returns:
        The table's rows.
    """
    from lcrag.statistics import documents_needed
    from lcrag.tables import ruled

    each = max(1, round(sum(sizes) / len(sizes)))
    rows = [["to show", "questions each", "documents", "questions"]]
    needs: list[dict[str, float]] = []
    for difference in differences:
        for count in dict.fromkeys((each, 1)):
            needed = documents_needed(
                difference, count, given, target=power, alpha=alpha, comparisons=comparisons
            )
            needs.append(
                {
                    "difference": difference,
                    "questions_each": count,
                    "documents": needed,
                    "questions": needed * count,
                }
            )
            rows.append([f"{100 * difference:g} points", str(count), f"{needed:,}", f"{needed * count:,}"])
    say("\n".join(ruled(rows)))
    return needs


def _say(text: str) -> None:
    say(paragraph(text))
