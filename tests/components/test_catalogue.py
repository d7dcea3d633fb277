"""The table of strategies in the guides."""

from lcrag.components.catalogue import deviation, strategies


def cells(name):
    rows = [row.strip("| ").split(" | ") for row in strategies().splitlines()]
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
