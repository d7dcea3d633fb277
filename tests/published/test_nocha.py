"""NoCha's published verdicts as outcomes."""

import json

import numpy as np
import pytest

from lcrag.errors import LcragError
from lcrag.published.nocha import import_nocha, verdict


@pytest.mark.parametrize(
    ("reply", "truth"),
    [
        ("<explanation>False lead.</explanation><answer>TRUE</answer>", True),
        ("<answer>False", False),
        ("<ANSWER>\nfalse\n</ANSWER>", False),
        ("True.", True),
        ("The claim is FALSE", False),
        ("<answer>true or false</answer>", None),
        ("True in part, false in part", None),
        ("<answer></answer> True", None),
        ("I cannot say.", None),
        ("", None),
    ],
)
def test_verdicts(reply, truth):
    assert verdict(reply) is truth


@pytest.fixture
def file(data):
    return data / "NoCha" / "data_sample" / "data_sample.json"


def accuracies(table):
    scores = table.groupby(["model", "strategy"])["score"]
    return {key: (round(100 * s.mean(), 2), len(s)) for key, s in scores}


def test_pair_accuracies_as_published(file):
    table = import_nocha(file)
    found = accuracies(table)
    assert len(found) == 18
    for key, published in {
        ("gpt4o", "long_context"): (73.33, 15),
        ("gpt4o", "bm25_top5"): (33.33, 63),
        ("gpt4o", "bm25_top25"): (44.44, 63),
        ("gpt4o", "bm25_top50"): (52.38, 63),
    }.items():
        assert found[key] == published
    others = sorted(v for (_, s), v in found.items() if s == "long_context")
    for published in ((66.67, 15), (50.0, 48), (22.92, 48), (36.51, 63), (23.81, 63)):
        assert published in others


def test_the_pairs_that_all_settings_of_gpt4o_share(file):
    table = import_nocha(file).query("model == 'gpt4o'")
    shared = table.groupby("question_id")["strategy"].transform("nunique") == 4
    assert accuracies(table[shared]) == {
        ("gpt4o", "long_context"): (73.33, 15), ("gpt4o", "bm25_top5"): (46.67, 15),
        ("gpt4o", "bm25_top25"): (60.0, 15), ("gpt4o", "bm25_top50"): (66.67, 15),
    }  # fmt: skip
    assert table[shared]["document_id"].nunique() == 1
    more = table.groupby("strategy")["read_prompt_tokens"].mean()
    assert more["bm25_top5"] < more["bm25_top25"] < more["bm25_top50"] < more["long_context"]


def test_a_row_a_claim(file):
    pairs, claims = import_nocha(file), import_nocha(file, pairs=False)
    assert len(claims) == 2 * len(pairs)
    both = claims.assign(pair=claims["question_id"].str.rsplit("-", n=1).str[0])
    right = both.groupby(["pair", "model", "strategy"])["score"].min()
    kept = pairs.set_index(["question_id", "model", "strategy"])["score"]
    assert (right.sort_index().to_numpy() == kept.sort_index().to_numpy()).all()


def claim(**changes):
    said = {"response-m": "<answer>True</answer>", "response-bm25-m-top5": "<answer>True</answer>"}
    base = {"book_title": "b", "index": 1, "claim": "It rains.", "type": True, "length": 1000, "genre": "novel",
            "length_group": "short"}  # fmt: skip
    return base | said | changes


def test_a_small_sample(tmp_path):
    file = tmp_path / "s.json"
    wrong = {"type": False, "claim": "It snows."}
    file.write_text(json.dumps([
        claim(), claim(**wrong, **{"response-m": "False"}),
        claim(index=2, **{"response-m": "SKIPPED"}), claim(index=2, **wrong),
        claim(index=3),  # its partner is not there
    ]))  # fmt: skip
    found = import_nocha(file).set_index(["question_id", "strategy"])
    assert found["score"].to_dict() == {
        ("b-1", "long_context"): 1.0, ("b-1", "bm25_top5"): 0.0, ("b-2", "bm25_top5"): 0.0,
    }  # fmt: skip
    assert (found["model"] == "m").all()
    assert found.loc[("b-1", "long_context"), "read_prompt_tokens"] == pytest.approx(2000, abs=10)
    assert np.isnan(found["read_dollars"]).all()
    for content, message in (
        ("[", "is not NoCha's sample"), ("[]", "is not NoCha's sample"), ("{}", "is not NoCha's sample"),
        (json.dumps([claim() | {"response-m": None}, claim()]), "is not NoCha's sample"),
        (json.dumps([{"response-m": "True"}]), "is not NoCha's sample: KeyError"),
    ):  # fmt: skip
        file.write_text(content)
        with pytest.raises(LcragError, match=message):
            import_nocha(file)
    with pytest.raises(LcragError, match=r"none\.json cannot be read \(No such file"):
        import_nocha(tmp_path / "none.json")
