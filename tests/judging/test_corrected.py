"""From a check of the judge to corrected accuracies of strategies whose truth is known."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lcrag.errors import LcragError
from lcrag.judging.check import calibrate, judged
from lcrag.judging.corrected import corrected_accuracies
from lcrag.judging.deciding import judge_digest
from lcrag.judging.labels import load_labels
from lcrag.outcomes import save_outcomes
from tests.judging.yes_no import YesNo, obedient, outcomes

TRUE = {"long_context": 0.9, "chunked_retrieval": 0.6}


@pytest.fixture
def calibration(tmp_path):
    def make(**errors):
        save_outcomes(outcomes(n=800, seed=1, **errors), tmp_path / "labels.parquet")
        metric = YesNo(obedient())
        frame, _ = asyncio.run(judged(load_labels(tmp_path / "labels.parquet"), metric))
        return calibrate(frame, judge="j", metric="yes_no", digest=judge_digest(metric), labels="l")

    return make


def judged_table(sensitivity, specificity, n=2000):
    """Answers of two strategies with the accuracies ``TRUE``, called right by a judge with these errors."""
    rng = np.random.default_rng(5)
    table = outcomes(n=n)
    right = rng.random(n) < table["strategy"].map(TRUE)
    yes = np.where(right, rng.random(n) < sensitivity, rng.random(n) >= specificity)
    return table.assign(score_yes_no=yes.astype(float))


def test_what_a_lenient_judge_hides_comes_out(calibration):
    table = judged_table(0.95, 0.6)
    table.loc[:9, "score_yes_no"] = np.nan
    accuracies = {
        a.strategy: a
        for a in corrected_accuracies(table, "yes_no", calibration(sensitivity=0.95, specificity=0.6))
    }
    assert list(accuracies) == ["long_context", "chunked_retrieval"]
    for name, true in TRUE.items():
        found = accuracies[name]
        assert found.low <= true <= found.high
        assert found.raw == pytest.approx(0.95 * true + 0.4 * (1 - true), abs=0.03)
    weaker = accuracies["chunked_retrieval"]
    assert weaker.raw > weaker.high  # the judge's share is not even possible
    gap = accuracies["long_context"].raw - weaker.raw
    assert accuracies["long_context"].corrected - weaker.corrected > 1.4 * gap


def test_what_cannot_be_corrected(calibration):
    table = judged_table(0.5, 0.5)
    with pytest.raises(LcragError, match="is not above 1, so its verdicts say nothing"):
        corrected_accuracies(table, "yes_no", calibration(sensitivity=0.4, specificity=0.5))
    good = calibration()
    with pytest.raises(LcragError, match="no scores of the metric 'other': score them with it first"):
        corrected_accuracies(table, "other", good)
    with pytest.raises(LcragError, match="calibration is of the metric 'yes_no', not of 'f1'"):
        corrected_accuracies(table.assign(score_f1=1.0), "f1", good)


def test_the_guides_python_runs(calibration, tmp_path, monkeypatch, capsys):
    text = (Path(__file__).parents[2] / "docs" / "judge_check.md").read_text("utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (label,) = re.findall(r"```jsonl\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    replace(calibration(), metric="correctness").save("calibration.json")
    table = judged_table(0.9, 0.8).rename(columns={"score_yes_no": "score_correctness"})
    save_outcomes(table, "runs/mine/outcomes.parquet")
    exec(compile(block, "judge_check.md", "exec"), {})
    assert re.match(
        r"long_context: 0\.8\d\d, corrected 0\.\d+ \[0\.\d\d, 0\.9\d\]\n", capsys.readouterr().out
    )
    (tmp_path / "labels.jsonl").write_text(label)
    assert load_labels("labels.jsonl")["label"].tolist() == [0]
