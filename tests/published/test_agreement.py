"""What scores without a judge are worth: against 200 of LaRA's answers that were read and labelled one by one."""

import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "labels"
OLDER = json.loads((FOLDER / "location.json").read_text())
DRAWN = json.loads((FOLDER / "answers.json").read_text())["labels"]


@pytest.fixture(scope="module")
def labelled(lara):
    """The labelled answers with ``right``, and whether their token recall counts them as right."""
    labels = OLDER | DRAWN
    rows = lara.set_index(lara["question_id"] + "|" + lara["model"] + "|" + lara["strategy"]).loc[
        list(labels)
    ]
    counted = rows["score_token_recall"].ge(0.5) & ~rows["declined"]
    return rows.assign(right=[bool(r) for r in labels.values()], counted=counted)


def test_two_hundred_labels_of_every_kind_and_model(labelled):
    assert len(labelled) == len(OLDER) + len(DRAWN) == 200
    drawn = labelled.loc[list(DRAWN)]
    assert drawn["kind"].value_counts().to_dict() == {
        "reasoning": 32, "comparison": 26, "location": 24, "hallucination": 24,
    }  # fmt: skip
    assert drawn["model"].value_counts().between(8, 10).all() and drawn["model"].nunique() == 12
    assert (labelled["error"] == "").all()


def test_token_recall_agrees_with_labels_of_location(labelled, record_property):
    rows = labelled[labelled["kind"] == "location"]
    agreement = (rows["counted"] == rows["right"]).mean()
    record_property("trust", f"location: {agreement:.1%} of {len(rows)} labels")
    assert agreement >= 0.85
    assert rows.loc[rows["counted"], "right"].mean() >= 0.95
    assert rows.loc[rows["right"], "counted"].mean() >= 0.85


def test_most_right_answers_to_reasoning_are_missed_by_token_recall(labelled):
    """Why the docs call it a weak proxy and the importer gives no score there by default."""
    rows = labelled[labelled["kind"] == "reasoning"]
    assert rows.loc[rows["right"], "counted"].mean() < 0.5
    assert labelled.loc[rows.index, "score"].isna().all()


def test_refusals_agree_with_labels(labelled, record_property):
    rows = labelled[labelled["kind"] == "hallucination"]
    agreement = (rows["declined"] == rows["right"]).mean()
    record_property("trust", f"refusals: {agreement:.1%} of {len(rows)} labels")
    assert rows.loc[rows["declined"], "right"].all()
    assert rows.loc[rows["right"], "declined"].mean() >= 0.85
