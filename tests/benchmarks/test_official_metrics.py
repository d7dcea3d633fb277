"""No reply, however strange, and no other data set's question breaks a benchmark's scorer."""

import pytest

import lcrag.metrics.official as official
from lcrag.schema import Answer, Question

REPLIES = ["", " ", "[" + "9" * 5000 + "]", "Week " + "9" * 5000, "9" * 5000, "A" + "9" * 5000, "[[[", "{'a': ", "\x00", "```tsv\n", "<Route></Route>", "Output:"]  # fmt: skip # noqa: E501
TASKS = ["", "textsort", "stackselect", "mf", "vt", "repoqa", "html_to_tsv", "path_traversal", "single_retrieval", "nq-open"]  # fmt: skip # noqa: E501


@pytest.mark.parametrize("name", [n for n in dir(official) if n[0].isupper()])
def test_every_reply_is_scored_from_0_to_1_or_not_at_all(name):
    metric = getattr(official, name)()
    for task in TASKS:
        for golds in ((), ("Oslo",), ("[1, 2]",), ("12",)):
            metadata = {"task": task, "words": 5, "type": "Week", "number": 3, "choices": 4}
            question = Question("q", "Where?", ("d",), golds, metadata=metadata)
            for reply in REPLIES:
                score = metric.score(question, Answer(reply))
                assert score is None or 0 <= score <= 1, (task, golds, reply[:20])
