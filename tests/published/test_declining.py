"""Whether an answer declines, against 392 of LaRA's answers that were labelled by hand.

400 rows were drawn by seed, half of them on questions that the text does not answer. 8 on which one may differ (an
answer with a caveat, a premise that is denied) were left out. The rules were written with ``looked_at`` in view.
"""

import json
from pathlib import Path

import pytest

from lcrag.metrics.declining import declines

LABELS = json.loads((Path(__file__).parent / "labels" / "declines.json").read_text())


@pytest.mark.parametrize("half", LABELS)
def test_refusals_are_told_from_answers(lara, half, record_property):
    keys = lara["question_id"] + "|" + lara["model"] + "|" + lara["strategy"]
    answers = dict(zip(keys, lara["answer"], strict=True))
    labels = LABELS[half]
    judged = {key: declines(answers[key]) for key in labels}
    hits = sum(judged[k] and labels[k] for k in labels)
    for name, figure in {
        "hits": hits,
        "judged": sum(judged.values()),
        "refusals": sum(labels.values()),
    }.items():
        record_property(name, figure)
    record_property("answers", len(labels))
    assert hits / sum(judged.values()) >= 0.97
    assert hits / sum(labels.values()) >= 0.95


def test_right_answers_are_rarely_taken_for_refusals(lara):
    right = lara[(lara["kind"] == "location") & (lara["score_token_recall"] >= 0.8)]
    assert sum(map(declines, right["answer"])) / len(right) < 0.004
