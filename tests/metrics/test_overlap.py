"""ROUGE, BLEU and chrF: numbers that were published or can be computed by hand."""

import json
import sys
from math import exp, log

import pytest

from lcrag.components import build
from lcrag.errors import LcragError
from lcrag.schema import Answer, Question

FOX = "The quick brown fox jumps over the lazy dog"
DOG = "The quick brown dog jumps on the log."
PARTY = (  # the example of Papineni et al. 2002, section 2.1
    "It is a guide to action that ensures that the military will forever heed Party commands",
    "It is the guiding principle which guarantees the military forces always being under the command of the Party",
    "It is the practical guide for the army always to heed the directions of the party",
)
GUIDE = "It is a guide to action which ensures that the military always obeys the commands of the party"


def score(metric, text, *golds, **question):
    return metric.score(Question("q", "What?", ("d",), golds, **question), Answer(text))


def metric(kind, **settings):
    pytest.importorskip("rouge_score" if kind == "rouge" else "sacrebleu")
    return build("metric", {"type": kind, **settings}, "here")


@pytest.mark.parametrize(
    ("variant", "precision", "recall"),
    [
        ("rouge1", 6 / 8, 6 / 9),
        ("rouge2", 2 / 7, 2 / 8),
        ("rougeL", 5 / 8, 5 / 9),
        ("rougeLsum", 5 / 8, 5 / 9),
    ],
)
def test_rouge_of_the_librarys_own_example(variant, precision, recall):
    expected = {
        "precision": precision,
        "recall": recall,
        "fmeasure": 2 * precision * recall / (precision + recall),
    }
    for measure, value in expected.items():
        assert score(metric("rouge", variant=variant, measure=measure), DOG, FOX) == pytest.approx(value)


def test_rouge_takes_the_gold_answer_with_the_best_f_measure():
    short = "The quick brown dog"  # all of it is in the answer, F = 2 * 0.5 * 1 / 1.5
    assert score(metric("rouge", variant="rouge1"), DOG, FOX, short) == pytest.approx(12 / 17)
    assert score(metric("rouge", variant="rouge1", measure="recall"), DOG, FOX, short) == pytest.approx(6 / 9)


def test_rouge_stems_unless_it_is_told_not_to():
    assert score(metric("rouge"), "It jumped", "It jumps") == 1
    assert score(metric("rouge", stemmer=False), "It jumped", "It jumps") == 0.5


def test_rouge_lsum_compares_sentence_by_sentence():
    gold, swapped = "Kites need wind. Lamps give light.", "Lamps give light. Kites need wind."
    assert score(metric("rouge", variant="rougeLsum"), swapped, gold) == 1
    assert score(metric("rouge"), swapped, gold) == 0.5


def test_rouge_does_not_apply_where_no_answer_could_score():
    assert score(metric("rouge", variant="rouge2"), "1987", "1987") is None
    assert score(metric("rouge", variant="rouge2"), "in 1987", "1987", "in 1987") == 1
    assert score(metric("rouge"), "Воздушный змей", "Воздушный змей") is None


def test_rouge_of_squalitys_references_as_its_script_computes_it(data):
    """The script (nyu-mll/SQuALITY, multi_rouge.py): stemmed, the reference with the highest F-measure."""
    rouge_scorer = pytest.importorskip("rouge_score.rouge_scorer")
    file = data / "SQuALITY" / "data" / "v1-3" / "txt" / "dev.jsonl"
    row = json.loads(file.open(encoding="utf-8").readline())
    official = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    for question in row["questions"]:
        text, *golds = [r["response_text"] for r in question["responses"]]
        for variant in ("rouge1", "rouge2", "rougeL"):
            expected = max(official.score(gold, text)[variant].fmeasure for gold in golds)
            assert 0 < expected < 1
            assert score(metric("rouge", variant=variant), text, *golds) == pytest.approx(expected)


def test_bleu_of_the_papers_example():
    """Its precisions are 17/18, 10/17, 7/16 and 4/15 by hand; NLTK's documentation gives 0.5046 as well."""
    precisions = (17 / 18, 10 / 17, 7 / 16, 4 / 15)
    expected = exp(sum(map(log, precisions)) / 4)
    assert expected == pytest.approx(0.5046, abs=1e-4)
    assert score(metric("bleu"), GUIDE, *PARTY) == pytest.approx(expected)


def test_bleu_counts_all_gold_answers_together_and_punishes_brevity():
    both = score(metric("bleu"), "Ada Moss of Bergen", "Ada Moss", "of Bergen")
    assert both > max(score(metric("bleu"), "Ada Moss of Bergen", g) for g in ("Ada Moss", "of Bergen"))
    assert score(metric("bleu"), "Ada", "Ada Moss") == pytest.approx(exp(1 - 2 / 1))


def test_chrf_by_hand():
    """Of abc in abd: two of three characters, one of two pairs, no triple; no longer runs."""
    assert score(metric("chrf"), "abc", "abd") == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert score(metric("chrf"), "abc", "xyz", "abd") == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert score(metric("chrf"), "风筝需要风", "风筝需要风") == 1


@pytest.mark.parametrize("kind", ["rouge", "bleu", "chrf"])
def test_they_score_free_text_only(kind):
    assert score(metric(kind), "Ada Moss", "Ada Moss") == 1
    assert score(metric(kind), "", "Ada Moss") == 0
    assert score(metric(kind), "kites", "kites", choices=("kites", "lamps")) is None
    assert score(metric(kind), "unanswerable", answerable=False) is None


@pytest.mark.parametrize(
    ("kind", "module"), [("rouge", "rouge_score"), ("bleu", "sacrebleu"), ("chrf", "sacrebleu")]
)
def test_a_missing_library_is_told_before_anything_is_spent(kind, module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(LcragError, match=rf"'{kind}' needs {module}: pip install 'lcrag\[metrics\]'"):
        build("metric", {"type": kind}, "here")
