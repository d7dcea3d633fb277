"""What a program leaves of a list, which reply a conversation gave, and where a graph leads."""

import contextlib
import io
import re

import pytest

from lcrag.generators import generate_graph_walk, generate_latent_list, generate_mrcr
from lcrag.metrics.official import GraphWalks, Mrcr
from lcrag.schema import Answer, Question


def test_the_program_prints_the_answer(check):
    check(lambda tokens, seed: generate_latent_list(tokens, 5, seed=seed))
    dataset = generate_latent_list(2048, 10)
    for question in dataset.questions:
        program = dataset.document(question.document_ids[0]).text
        names: dict = {}
        with contextlib.redirect_stdout(io.StringIO()):
            exec(program, names)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(re.search("`(.+)`", question.text)[1], names)
        assert printed.getvalue().strip() == question.answers[0]
        relevant: dict = {}
        exec("\n".join(span.text for span in question.evidence), relevant)
        assert relevant["values"] == names["values"]


def test_the_reply_that_is_asked_for_is_one_of_several_to_the_same_request(check):
    check(lambda tokens, seed: generate_mrcr(tokens, 2, prompt="official", seed=seed))
    dataset = generate_mrcr(4096, 4, needles=4)
    for number, question in enumerate(dataset.questions):
        text = dataset.document(question.document_ids[0]).text
        form, topic = re.search(r"indexed\) (.+) about (\w+)\.", question.text).groups()
        replies = re.findall(rf"User: Write an? {form} about {topic}\.\nAssistant: (.+)\n", text)
        assert len(replies) == 4
        assert question.metadata["prefix"] + replies[number] == question.answers[0]
        assert question.evidence[0].text == replies[number]
        wrong = Answer(question.metadata["prefix"] + replies[number - 1])
        assert Mrcr().score(question, wrong) < 0.8
        assert Mrcr().score(question, Answer(replies[number])) == 0  # the prefix is missing


@pytest.mark.parametrize("operation", ["bfs", "parents"])
def test_a_walk_through_the_edges_finds_the_nodes(check, operation):
    def gold(question):
        return f"Final Answer: [{', '.join(question.answers)}]"

    def make(tokens, seed):
        return generate_graph_walk((operation,), tokens, 2, prompt="official", seed=seed)

    check(make, gold=gold)
    dataset = generate_graph_walk((operation,), 4096, 3, depth=3)
    for question in dataset.questions:
        text = dataset.document(question.document_ids[0]).text
        edges = [tuple(line.split(" -> ")) for line in text.strip().split("\n")]
        start = re.search(r"node ([0-9a-f]{10})", question.text)[1]
        if operation == "parents":
            nodes = {a for a, b in edges if b == start}
        else:
            known, nodes = {start}, {start}
            for _ in range(3):
                nodes = {b for a, b in edges if a in nodes} - known
                known |= nodes
        assert nodes == set(question.answers)
        assert {tuple(span.text.split(" -> ")) for span in question.evidence} <= set(edges)


@pytest.mark.parametrize(
    ("reply", "official", "fixed"),
    [
        ("Final Answer: [a1, b2]", 1, 1),
        ("So.\nFinal Answer: [a1, c3]", 0.5, 0.5),
        ("Final Answer: [a1, b2]\nI hope that helps.", 0, 1),
        ("a1, b2", 0, 0),
        ("Final Answer: []", 0, 0),
    ],
)
def test_nodes_count_by_f1_in_the_form_that_is_asked_for(reply, official, fixed):
    question = Question("q", "?", ("d",), ("a1", "b2"))
    assert GraphWalks().score(question, Answer(reply)) == official
    assert GraphWalks(variant="fixed").score(question, Answer(reply)) == fixed
