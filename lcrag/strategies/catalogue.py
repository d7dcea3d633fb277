"""The table of strategies, made from their classes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import import_module

from lcrag.strategies.base import Card


def cards(homes: Mapping[str, str]) -> Iterator[tuple[str, str, Card]]:
    """Name in YAML, the docstring's first sentence and the card of every strategy that has one.

    Args:
        homes: ``module:class`` by name, as the registry holds them.
    """
    for name, home in homes.items():
        module, attribute = home.split(":")
        kind = getattr(import_module(module), attribute)
        if isinstance(card := getattr(kind, "card", None), Card):
            yield name, _first_sentence(kind.__doc__ or ""), card


def _first_sentence(docstring: str) -> str:
    """Without the source in brackets, which has a column of its own."""
    line = re.sub(r" \([^()]*\b(arXiv|LangChain)\b[^()]*\)", "", docstring.strip().splitlines()[0])
    return line.replace("``", "`")


def table(homes: Mapping[str, str]) -> str:
    """A Markdown table of all strategies."""
    rows = ["| strategy | what it does | source | calls | prompt tokens | read once a document | when |"]
    rows.append("|---|---|---|---|---|---|---|")
    for name, what, card in cards(homes):
        cells = (f"`{name}`", what, card.paper, card.calls, card.tokens, card.build, card.use)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)
