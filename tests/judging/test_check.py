"""Judges with known errors, held against labels."""

import asyncio
import json
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score
from typer.testing import CliRunner

from lcrag.cli import app
from lcrag.errors import LcragError
from lcrag.judging.calibration import load_calibration
from lcrag.judging.calibration_text import calibration_text
from lcrag.judging.check import calibrate, judged
from lcrag.judging.deciding import check_may_decide, judge_digest, judge_name
from lcrag.judging.labels import draw, load_labels
from lcrag.judging.replies import Replies
from lcrag.outcomes import save_outcomes
from lcrag.readers.scripted import ScriptedReader
from tests.judging.yes_no import YesNo, obedient, outcomes

JUDGE = """
from dataclasses import dataclass, field
from lcrag.judges.base import JudgedMetric, Verdict
from lcrag.readers.base import Message, Reader
from lcrag.readers.scripted import ScriptedReader

def count(request):
    return "yes" if len(request.messages[-1].content.split()) > 6 else "no"

@dataclass(frozen=True)
class ByLength(JudgedMetric):
    name: str = "by_length"
    contrary: bool = False
    judge: Reader = field(default_factory=lambda: ScriptedReader(count, name="counting"))

    async def score(self, question, answer, tools):
        text = f"{question.id} {answer.text}"
        reply = await tools.ask([Message("user", text)], judge=self.judge)
        return Verdict(float((reply.text == "yes") != self.contrary))
"""


@pytest.fixture
def labelled(tmp_path):
    def make(table=None, **settings):
        path = tmp_path / "outcomes.parquet"
        save_outcomes(outcomes(**settings) if table is None else table, path)
        return load_labels(path)

    return make


def checked(labels, judge=None, metric=None, **settings):
    metric = metric or YesNo(judge or obedient())
    frame, _ = asyncio.run(judged(labels, metric, **settings))
    digest = judge_digest(metric, settings.get("reader"))
    return calibrate(frame, judge=metric.judge.name, metric=metric.name, digest=digest, labels="labels")


def test_the_errors_are_those_of_the_judge(labelled):
    found = checked(labelled(sensitivity=0.9, specificity=0.7))
    assert found.sensitivity.low < 0.9 < found.sensitivity.high and found.sensitivity.n == 200
    assert found.specificity.low < 0.7 < found.specificity.high
    assert 0.05 < found.sensitivity.high - found.sensitivity.low < 0.12
    assert found.agreement.mean == pytest.approx((found.sensitivity.mean + found.specificity.mean) / 2)
    assert (found.n, found.right, found.unreadable) == (400, 200, 0)
    assert found.usable and found.verdict.startswith("This judge is usable with correction (kappa 0.6")


def test_kappa_is_scikit_learns(labelled):
    frame, _ = asyncio.run(judged(labelled(), YesNo(obedient())))
    found = calibrate(frame, judge="j", metric="m", digest="d", labels="l")
    assert found.kappa.mean == pytest.approx(cohen_kappa_score(frame["label"], frame["verdict"]))


def test_a_judge_that_guesses_is_told_in_words_and_may_not_decide(labelled, tmp_path):
    found = checked(labelled(sensitivity=0.6, specificity=0.4))
    assert "no better than chance (kappa " in found.verdict and "do not let it decide" in found.verdict
    found.save(tmp_path / "calibration.json")
    assert json.loads((tmp_path / "calibration.json").read_text())["usable"] is False
    loaded = load_calibration(tmp_path / "calibration.json")
    with pytest.raises(LcragError, match="no better than chance"):
        loaded.check(found.digest)
    loaded.check(found.digest, uncalibrated=True)


def test_a_judge_that_always_says_yes_is_chance(labelled):
    found = checked(labelled(), ScriptedReader(lambda request: "yes"))
    assert (found.kappa.mean, found.sensitivity.mean, found.specificity.mean) == (0, 1, 0)
    assert "no better than chance" in found.verdict


def test_a_good_judge(labelled):
    found = checked(labelled(sensitivity=0.97, specificity=0.96))
    assert found.usable and found.verdict.startswith("This judge is good (kappa 0.9")


def test_a_judge_a_little_above_chance_may_not_decide(labelled):
    found = checked(labelled(sensitivity=0.6, specificity=0.6, n=800))
    assert found.kappa.low > 0 and not found.usable
    assert "hardly better than chance" in found.verdict


def test_replies_without_a_verdict_are_counted_and_in_no_other_figure(labelled):
    def mumbles(request):
        word, number = request.messages[-1].content.split("\n")[2].split()
        return "perhaps" if int(number.strip(".")) % 5 == 0 else word

    found = checked(labelled(sensitivity=1, specificity=1), ScriptedReader(mumbles))
    assert found.unreadable == 0.2 and found.agreement.n == 320 and found.agreement.mean == 1
    assert not found.usable and "gives no verdict on 20% of the answers" in found.verdict


def test_a_judge_that_likes_long_answers_is_found_out(labelled):
    table = outcomes(sensitivity=0.9, specificity=0.9)
    is_long = np.arange(len(table)) // 2 % 2 == 0
    likes = is_long & (np.random.default_rng(0).random(len(table)) < 0.4)
    table["answer"] = [
        f"{'yes' if like else a.split()[0]} {'and so on ' * (9 * int(long))}{i}"
        for i, (a, like, long) in enumerate(zip(table["answer"], likes, is_long, strict=True))
    ]
    table["strategy"] = "long_context"
    found = checked(labelled(table))
    bias = next(b for b in found.biases if b.group == "longer answers" and b.label == 0)
    assert bias.is_clear and bias.difference.low < 0.36 < bias.difference.high
    text = " ".join(calibration_text(found).split())
    assert "Longer answers that are wrong are judged right more often than others: by 0." in text
    assert "No clear bias by length" in calibration_text(checked(labelled()))


def test_a_judge_that_prefers_itself_is_found_out(labelled):
    table = outcomes(specificity=0.9)
    own = np.arange(len(table)) // 2 % 2 == 0
    table["model"] = np.where(own, "the judge", "m")
    table["strategy"] = "long_context"
    likes = own & (np.random.default_rng(0).random(len(table)) < 0.5)
    table.loc[likes, "answer"] = [f"yes {i}" for i in np.flatnonzero(likes)]
    found = checked(labelled(table))
    assert "Its own answers that are wrong are judged right more often" in calibration_text(found)
    other = checked(labelled(table), obedient("another"))
    assert not any(b.group == "its own answers" for b in other.biases)


def test_a_judge_that_errs_more_on_one_strategy_is_found_out(labelled):
    a, b = outcomes(specificity=0.95, seed=1), outcomes(specificity=0.5, seed=2)
    table = a.where(a["strategy"] == "long_context", b)
    text = calibration_text(checked(labelled(table)))
    assert "Answers of chunked_retrieval that are wrong are judged right more often than others" in text
    assert "strategy  chunked_retrieval  200" in text


def test_by_kind(labelled):
    table = outcomes()
    table["kind"] = np.where(np.arange(len(table)) // 2 % 4 == 0, "location", "reasoning")
    kinds = {g.name: g for g in checked(labelled(table)).groups if g.by == "kind"}
    assert {k: g.n for k, g in kinds.items()} == {"location": 100, "reasoning": 300}
    assert kinds["location"].sensitivity.n == 50


def test_a_check_that_was_stopped_asks_nothing_twice(labelled, tmp_path):
    labels, asked = labelled(n=40), []

    def counts(request):
        asked.append(request)
        if len(asked) == 25:
            raise LcragError("The server is down.")
        return "yes"

    def run():
        metric = YesNo(ScriptedReader(counts, name="j", max_concurrency=1))
        return asyncio.run(judged(labels, metric, replies=Replies(tmp_path / "replies.jsonl")))

    with pytest.raises(LcragError, match="down"):
        run()
    kept, before = len(Replies(tmp_path / "replies.jsonl").known), len(asked)
    assert kept >= 24
    _, usage = run()
    assert len(asked) - before == usage.calls == 40 - kept
    _, usage = run()
    assert len(asked) - before == 40 - kept and usage.calls == 0


def test_a_calibration_is_of_one_judge_and_one_rubric(labelled, tmp_path):
    found = checked(labelled())
    found.save(tmp_path / "c.json")
    loaded = load_calibration(tmp_path / "c.json")
    assert calibration_text(loaded) == calibration_text(found)
    metric = YesNo(obedient())
    loaded.check(judge_digest(metric))
    for other in (replace(metric, rubric="Is it wrong?"), YesNo(obedient("another"))):
        with pytest.raises(
            LcragError, match="calibration is of the judge 'the judge' with the metric 'yes_no' and other"
        ):
            loaded.check(judge_digest(other))
    assert judge_digest(YesNo(), obedient()) != judge_digest(YesNo(), obedient("another"))


def test_a_judge_that_decides_needs_its_calibration(labelled, tmp_path):
    metric, file = YesNo(obedient()), tmp_path / "c.json"
    checked(labelled()).save(file)
    check_may_decide(metric, None, file)
    check_may_decide(metric, None, None, uncalibrated=True)
    with pytest.raises(
        LcragError, match="was not held against labels: run `lcrag judge check` and name its file"
    ):
        check_may_decide(metric, None, None)
    with pytest.raises(LcragError, match="other settings than the one that decides"):
        check_may_decide(YesNo(obedient("another")), None, file)
    checked(labelled(sensitivity=0.5, specificity=0.5)).save(file)
    with pytest.raises(LcragError, match="no better than chance"):
        check_may_decide(metric, None, file)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be read as a calibration"),
        ("[]", "is not a calibration of version 1"),
        ('{"version": 1, "judge": "j"}', "metric does not fit"),
    ],
)
def test_a_file_that_is_no_calibration(tmp_path, content, message):
    with pytest.raises(LcragError, match="There is no calibration"):
        load_calibration(tmp_path / "c.json")
    (tmp_path / "c.json").write_text(content)
    with pytest.raises(LcragError, match=message):
        load_calibration(tmp_path / "c.json")


def test_a_draw_has_both_labels(labelled):
    table = outcomes(n=300)
    table.loc[table.index % 10 != 0, "score"] = 0.0  # 30 right
    labels = labelled(table)
    assert draw(labels, 40)["label"].sum() == 20
    assert draw(labels, 100)["label"].sum() == 30
    assert len(draw(labels, None)) == len(draw(labels, 900)) == 300
    first, again, other = (list(draw(labels, 40, seed)["question_id"]) for seed in (0, 0, 1))
    assert first == again != other


def test_rows_without_a_sound_score_are_no_labels(labelled):
    table = outcomes(n=8)
    table.loc[0, "score"] = np.nan
    table.loc[1, ["score", "error"]] = [np.nan, "The call failed."]
    table["failure"] = ["", "", "The call failed.", *[""] * 5]
    table.loc[3, "gold"] = ""
    table.loc[4, ["gold", "kind"]] = ["", "hallucination"]  # it needs no reference
    assert list(labelled(table)["question_id"]) == ["q4", "q5", "q6", "q7"]


def test_a_file_of_labels(tmp_path):
    rows = [{"question": f"q{i}", "gold": "so", "answer": "yes", "label": i % 2} for i in range(6)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    pd.DataFrame(rows).assign(label=["no", *"10101"]).replace("no", "false").to_csv(
        tmp_path / "a.csv", index=False
    )
    for name in ("a.jsonl", "a.csv"):
        labels = load_labels(tmp_path / name)
        assert list(labels["label"]) == [0, 1, 0, 1, 0, 1]
        assert list(labels["cluster"]) == [f"q{i}" for i in range(6)]
    with_mark = b"\xef\xbb\xbf" + (tmp_path / "a.csv").read_bytes()  # as spreadsheets write it
    (tmp_path / "b.csv").write_bytes(with_mark)
    assert load_labels(tmp_path / "b.csv").equals(load_labels(tmp_path / "a.csv"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.csv",
            "question,gold,answer\nq,g,a\n",
            "has no column 'label'; needed are: question, gold, answer, label",
        ),
        (
            "a.csv",
            "question,gold,answer,label\nq,g,a,maybe\n",
            "'label' holds 'maybe', which is neither true nor",
        ),
        (
            "a.csv",
            "question,gold,answer,label\nq,g,a,1\nq,g,b,\n",
            "answer 2 has no label: write 1 for right",
        ),
        ("a.jsonl", "{]\n", r"a.jsonl:1 is not JSON"),
        ("a.jsonl", "[]\n", r"a.jsonl:1 must be an object"),
        ("a.jsonl", "", "has no column 'question'"),
        ("b.csv", None, "There is no file of labels"),
    ],
)
def test_files_that_are_no_labels(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(LcragError, match=message):
        load_labels(tmp_path / name)


def test_the_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = outcomes(n=60)
    table["answer"] = ["one two three four five six seven" if i % 2 == 0 else "one" for i in range(60)]
    save_outcomes(table, "outcomes.parquet")
    (tmp_path / "judge.py").write_text(JUDGE)
    (tmp_path / "metrics.yaml").write_text("metrics: [f1, {type: './judge.py:ByLength'}]\n")
    command = ["judge", "check", "outcomes.parquet", "--metric", "metrics.yaml", "--limit", "30"]
    run = CliRunner().invoke(app, [*command, "--output", "c.json"])
    assert run.exit_code == 0, run.exception
    assert (
        "counting judges by_length: 30 answers of outcomes.parquet, 15 labelled right, 15 wrong."
        in run.stdout
    )
    assert "This judge is good (kappa 1.00 [1.00, 1.00]" in run.stdout
    assert "Replies      c.json.replies.jsonl (30 calls, " in run.stdout
    assert load_calibration("c.json").usable
    assert (
        "(0 calls, 0 prompt tokens in this run)"
        in CliRunner().invoke(app, [*command, "--output", "c.json"]).stdout
    )
    (tmp_path / "metrics.yaml").write_text("metrics: [{type: './judge.py:ByLength', contrary: true}]\n")
    run = CliRunner().invoke(app, command)
    assert run.exit_code == 0 and "no better than chance (kappa -1.00 [-1.00, -1.00])" in run.stdout
    run = CliRunner().invoke(app, ["judge", "check", "outcomes.parquet", "--limit", "30"])
    assert "Give the judge: --model" in str(run.exception)
    run = CliRunner().invoke(app, ["judge", "check", "outcomes.parquet", "--metric", "none.yaml"])
    assert "no file none.yaml" in str(run.exception)
    (tmp_path / "none.yaml").write_text("metrics: [f1]\n")
    run = CliRunner().invoke(app, ["judge", "check", "outcomes.parquet", "--metric", "none.yaml"])
    assert "one metric that asks a judge is expected, and there are: none" in str(run.exception)


def test_a_panel_is_named_by_all_of_its_judges():
    @dataclass(frozen=True)
    class Two(YesNo):
        members: tuple = ()

    panel = Two(members=(YesNo(obedient("a")), YesNo()))
    assert judge_name(panel, obedient("b")) == "a + b"
    assert judge_digest(panel, obedient("b")) != judge_digest(panel, obedient("c"))
    with pytest.raises(
        LcragError, match="'yes_no' has no judge of its own: give one with `judge` or --model"
    ):
        judge_name(panel)


@pytest.mark.slow
def test_a_real_model_is_checked_on_a_file_of_labels(tmp_path, monkeypatch):
    pytest.importorskip("lcrag.judges.correctness")
    monkeypatch.chdir(tmp_path)
    rows = [
        {
            "question": f"What is {i} and 1?",
            "gold": str(i + 1),
            "answer": str(i + 1 + i % 2),
            "label": 1 - i % 2,
        }
        for i in range(8)
    ]
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    command = ["judge", "check", "labels.jsonl", "--model", "smollm2", "--limit", "6"]
    run = CliRunner().invoke(app, command)
    assert run.exit_code == 0, run.exception
    assert "6 answers of labels.jsonl, 3 labelled right, 3 wrong." in run.stdout
    assert not load_calibration("calibration.json").usable
    assert "(0 calls, 0 prompt tokens in this run)" in CliRunner().invoke(app, command).stdout
