"""Several needles at once, chains of relatives, and a text of nothing but relatives."""

import re

import pytest

from lcrag.generators import generate_multi_needle
from lcrag.generators.multi_needle import KINSHIP
from lcrag.metrics.cleaning import clean

TASKS = ("single_retrieval", "multi_retrieval", "multi_reasoning", "ancestral_trace")


@pytest.mark.parametrize("task", TASKS)
def test_a_task_is_answered_from_its_text(check, task):
    chance = 50 if task.endswith("retrieval") else 5  # a few of 30 cities
    check(
        lambda tokens, seed: generate_multi_needle((task,), tokens, 2, prompt="official", seed=seed),
        chance=chance,
    )


@pytest.mark.parametrize("task", TASKS[2:])
def test_the_chain_of_relatives_leads_to_the_answer_and_nowhere_else(task):
    dataset = generate_multi_needle((task,), count=3, needles=4)
    names = r"(?P<{}>\w+ \w+)"
    patterns = [
        re.sub(r"\\\{r\\\}", r"[a-z ]+?", re.escape(form).replace(r"\{a\}", names.format("a"), 1)
               .replace(r"\{b\}", names.format("b"), 1).replace(r"\{b\}", "(?P=b)").replace(r"\{a\}", "(?P=a)"))
        for form in KINSHIP
    ]  # fmt: skip
    for question in dataset.questions:
        text = dataset.document(question.document_ids[0]).text
        elder = {}
        for line in text.split("\n"):
            match = next((m for p in patterns if (m := re.fullmatch(p, line))), None)
            if match:
                assert match["b"] not in elder
                elder[match["b"]] = match["a"]
        person = re.search(r"'(.+)'", question.text)[1]
        steps = 0
        while person in elder:
            person, steps = elder[person], steps + 1
        assert (person, steps) == (question.answers[0], 4)
        assert len(question.evidence) == 4


def test_the_answer_is_what_stands_in_the_last_box():
    assert clean(r"\boxed{Ann} no: \boxed{ Bob Lee }.", ("boxed",)) == "Bob Lee"
    assert clean("Bob Lee", ("boxed",)) == "Bob Lee"
