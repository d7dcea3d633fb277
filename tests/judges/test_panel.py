"""A panel: its majority, its ties, members without a vote, and whom it refuses as a member."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from lcrag.components import build
from lcrag.components.settings import digest
from lcrag.errors import LcragError
from lcrag.judges import Correctness, JudgedMetric, Panel, Verdict
from lcrag.metrics import F1
from lcrag.schema import Answer, Question
from tests.judges.world import ScriptedTools

ASKED = Question("q1", "When was Northwind founded?", ("north",), ("1987",))


@dataclass(frozen=True)
class Says(JudgedMetric):
    """Gives one score, or none because its judge is unreadable."""

    value: float | None
    name: str
    needs: ClassVar = frozenset()

    async def score(self, question, answer, tools):
        return Verdict(self.value, f"said {self.value}", unreadable=self.value is None)


@dataclass(frozen=True)
class OnlyPassages(Says):
    needs: ClassVar = frozenset({"passages"})


def panel(*values, **fields):
    return Panel(tuple(Says(value, f"j{i}") for i, value in enumerate(values)), **fields)


async def verdict(metric, answer="1987"):
    return await metric.score(ASKED, Answer(answer), ScriptedTools())


@pytest.mark.parametrize(
    ("values", "score", "reason", "unreadable"),
    [
        ((1, 1, 1), 1.0, "3 of 3 agree (j0: 1, said 1; j1: 1, said 1; j2: 1, said 1)", False),
        ((1, 1, 0), 1.0, "2 of 3 agree (j0: 1, said 1; j1: 1, said 1; j2: 0, said 0)", False),
        ((0, 1, 0), 0.0, "2 of 3 agree (j0: 0, said 0; j1: 1, said 1; j2: 0, said 0)", False),
        ((0.5, 0.4, 0.9), 1.0, "2 of 3 agree (j0: 1, said 0.5; j1: 0, said 0.4; j2: 1, said 0.9)", False),
        ((1, 1, None), 1.0, "2 of 3 agree (j0: 1, said 1; j1: 1, said 1; j2: no vote)", False),
        ((1, 0), None, "a tie (j0: 1, said 1; j1: 0, said 0)", False),
        ((1, 0, None), None, "no majority: 1 of 3 gave no vote (j0: 1, said 1; j1: 0, said 0; j2: no vote)", True),
        ((1, None, None), None, "no majority: 2 of 3 gave no vote (j0: 1, said 1; j1: no vote; j2: no vote)", True),
        ((None, None), None, "no majority: 2 of 2 gave no vote (j0: no vote; j1: no vote)", True),
    ],
)  # fmt: skip
async def test_more_than_half_of_the_members_decide(values, score, reason, unreadable):
    assert await verdict(panel(*values)) == Verdict(score, reason, unreadable)


async def test_a_tie_may_have_a_score_and_a_missing_vote_has_none():
    assert (await verdict(panel(1, 0, tie=0.0))).score == 0.0
    assert (await verdict(panel(1, 0, None, tie=0.0))).score is None


async def test_the_threshold_says_what_counts_as_right():
    assert (await verdict(panel(0.5, 0.6, correct_threshold=0.6))).score is None
    assert (await verdict(panel(0.5, 0.5, correct_threshold=0.6))).score == 0.0


async def test_members_that_do_not_apply_have_no_seat():
    mixed = Panel((Says(1, "a"), Says(1, "b"), OnlyPassages(0, "c")))
    assert (await verdict(mixed)).reason == "2 of 2 agree (a: 1, said 1; b: 1, said 1)"
    assert mixed.applies(ASKED, Answer("1987"))
    assert not Panel((OnlyPassages(0, "c"), OnlyPassages(0, "d"))).applies(ASKED, Answer("1987"))


async def test_real_members_are_asked_with_the_same_tools():
    tools = ScriptedTools(lambda prompt: "CORRECT" if "NOT_ATTEMPTED" in prompt else "True")
    members = (Correctness("lara"), Correctness("simpleqa", rubric="simpleqa"))
    result = await Panel(members).score(ASKED, Answer("1987"), tools)
    assert result == Verdict(1.0, "2 of 2 agree (lara: 1, True; simpleqa: 1, CORRECT)")
    assert len(tools.requests) == 2


def test_it_is_built_from_yaml():
    members = [
        {"type": "correctness", "name": "a"},
        {"type": "correctness", "name": "b", "rubric": "simpleqa"},
    ]
    built = build("metric", {"type": "panel", "members": members, "tie": 0}, "own.yaml: metrics[0]")
    assert isinstance(built, Panel) and [m.rubric for m in built.members] == ["lara", "simpleqa"]
    assert built.tie == 0
    assert digest(built) != digest(build("metric", {"type": "panel", "members": members}, "x"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: panel(1), "panel: a panel needs at least two members, not 1."),
        (lambda: Panel((Says(1, "a"), Says(0, "a"))), "panel: two members have the name 'a': give one another `name`."),
        (lambda: Panel((Says(1, "a"), F1())), "panel: the member 'f1' asks no judge"),
        (lambda: panel(1, 0, tie=2), "panel: tie must be from 0 to 1, not 2."),
        (lambda: panel(1, 0, correct_threshold=0), "correct_threshold must be above 0 and at most 1, not 0."),
    ],
)  # fmt: skip
def test_a_panel_that_cannot_vote_is_refused(make, message):
    with pytest.raises(LcragError) as error:
        make()
    assert message in str(error.value)
