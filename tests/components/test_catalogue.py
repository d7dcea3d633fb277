"""The tables of strategies and metrics in the guides."""

from dataclasses import dataclass

from lcrag.components import catalogue
from lcrag.components.catalogue import deviation, metrics, strategies


def cells(name, table=None):
    rows = [
        row.removeprefix("| ").removesuffix(" |").split(" | ") for row in (table or strategies()).splitlines()
    ]
    return dict(zip(rows[0], next(r for r in rows if r[0].startswith(f"`{name}`")), strict=True))


def test_the_table_says_what_a_strategy_does_otherwise_than_its_paper():
    assert cells("query_expansion")["differs in"].startswith("rankings are fused by reciprocal rank")
    assert "Differs" not in cells("query_expansion")["what it does"]
    assert cells("query_expansion")["take it when"].startswith("questions use other words")


def test_a_docstring_may_not_say_so_or_say_more_after_it():
    class Nothing:
        """Answers nothing."""

    class More:
        """Answers a|b.

        Differs from the paper: ``k`` is
        small | fixed.

        Attributes:
            k: a number.
        """

    class Bare:
        pass

    assert (deviation(Nothing), deviation(Bare)) == ("", "")
    assert deviation(More) == "`k` is small \\| fixed"


def test_the_table_of_metrics_says_when_each_applies_and_where_it_is_from():
    table = metrics(["f1"])
    assert cells("f1", table)["metric"] == "`f1` ★"
    rouge = cells("rouge", table)
    assert rouge["metric"] == "`rouge`"
    assert rouge["what it scores"] == "Words or runs of words that the answer shares with a gold answer."
    assert rouge["its score"].startswith("From 0 to 1 for free text")
    assert rouge["source"] == "ROUGE, Lin 2004"


def test_a_metric_with_a_judge_says_so_and_what_it_needs(monkeypatch):
    @dataclass(frozen=True)
    class Judged:
        """Whether it is right (Moss 2024)."""

        judge: object = None
        needs = frozenset({"gold", "passages"})

        async def score(self, question, answer, tools):
            """Judge one answer."""

    monkeypatch.setattr(catalogue, "names", lambda kind: ["judged"])
    monkeypatch.setattr(catalogue, "find", lambda kind, name: Judged)
    row = cells("judged", metrics())
    assert row["what it scores"] == "Whether it is right."
    assert row["its score"] == "From 0 to 1 by a judge; needs a gold answer and passages"
