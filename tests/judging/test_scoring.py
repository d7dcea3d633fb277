"""Judged metrics in a run: booked, journalled, capped, and never in the way of the answers."""

import asyncio
from dataclasses import dataclass, field

import pandas as pd
import pytest

from lcrag.cost.price import PriceCard
from lcrag.cost.prices import Prices
from lcrag.errors import LcragError, ReaderUnavailable
from lcrag.experiment import Experiment
from lcrag.judges import Correctness, JudgedMetric, Verdict
from lcrag.judging.check import calibrate, judged
from lcrag.judging.deciding import judge_digest
from lcrag.judging.labels import load_labels
from lcrag.readers.base import Message, Reader
from lcrag.readers.scripted import ScriptedReader
from lcrag.runtime.caps import Budget
from lcrag.strategies import ChunkedRetrieval, ClosedBook


@dataclass(frozen=True)
class IsRight(JudgedMetric):
    """Whether the judge says yes."""

    name: str = "is_right"
    judge: Reader | None = None
    needs = frozenset({"gold"})

    async def score(self, question, answer, tools):
        prompt = f"{question.text} {question.answers}: {answer.text}?"
        reply = await tools.ask([Message("user", prompt)], judge=self.judge, max_tokens=4)
        if reply.text not in ("yes", "no"):
            return Verdict(None, reply.text, unreadable=True)
        return Verdict(float(reply.text == "yes"), reply.text)


class Judge(ScriptedReader):
    """Counts what it is asked; dies after some requests."""

    def __init__(self, respond=lambda request: "yes", dies_after=10**9, max_concurrency=1):
        super().__init__(respond, name="judge-1", max_concurrency=max_concurrency)
        self.dies_after = dies_after

    async def generate(self, request):
        if len(self.requests) >= self.dies_after:
            raise ReaderUnavailable("The judge's server is down.")
        return await super().generate(request)


def experiment(tmp_path, dataset, reader, judge, **settings):
    metrics = settings.pop("metrics", [IsRight(judge=judge)])
    settings = {"metric": "is_right", "strategies": [ChunkedRetrieval(k=1), ClosedBook()], **settings}
    return Experiment(dataset, reader, output=tmp_path / "run", metrics=metrics, mlflow="", **settings)


def judged_tokens(judge):
    return sum(judge.count_tokens(r.messages) for r in judge.requests)


def test_a_judge_decides_and_its_cost_is_no_strategys(tmp_path, dataset, scripted, embedder):
    judge = Judge()
    results = experiment(tmp_path, dataset, scripted(), judge, embedder=embedder).run()
    table = results.table
    assert table["score"].tolist() == [1.0] * 12 and table["score_is_right"].notna().all()
    assert table["judge_prompt_tokens"].sum() == judged_tokens(judge)
    alone = experiment(
        tmp_path / "alone", dataset, scripted(), None, metrics=[], metric="accuracy", embedder=embedder
    )
    without = alone.run().comparison.table
    assert results.comparison.table["prompt"].tolist()[:2] == without["prompt"].tolist()[:2]
    assert "Judging took" in str(results) and "in no strategy's cost" in str(results)
    assert "Scored by is_right: Whether the judge says yes. The judge is judge-1." in " ".join(
        str(results).split()
    )
    assert "Judging took" in results.report.read_text()


def test_the_same_judge_is_not_asked_the_same_thing_twice(tmp_path, dataset, scripted, embedder):
    judge = Judge()
    strategies = [ClosedBook(name="a"), ClosedBook(name="b")]  # the same answers, and so the same prompts
    results = experiment(tmp_path, dataset, scripted(), judge, strategies=strategies, embedder=embedder).run()
    assert len(judge.requests) == 6 and results.table["score"].notna().all()
    assert results.table["judge_prompt_tokens"].sum() == judged_tokens(judge)
    again = Judge()
    experiment(tmp_path, dataset, scripted(), again, strategies=strategies, embedder=embedder).run()
    assert not again.requests


def test_a_judge_that_dies_leaves_the_answers_and_goes_on_later(tmp_path, dataset, scripted, embedder):
    reader, whole = scripted(), Judge()
    experiment(tmp_path / "whole", dataset, reader, whole, embedder=embedder).run()
    dying = Judge(dies_after=4)
    results = experiment(tmp_path, dataset, reader, dying, embedder=embedder).run()
    assert 4 <= results.table["score"].notna().sum() < 12  # equal answers share a verdict's reply
    assert "run again to go on: The judge's server is down." in results.problems[0]
    asked, judge = len(reader.requests), Judge()
    table = experiment(tmp_path, dataset, reader, judge, embedder=embedder).run().table
    assert len(reader.requests) == asked and len(judge.requests) == len(whole.requests) - 4
    assert table["score"].notna().all() and table["judge_calls"].sum() == len(whole.requests)


def test_a_reply_that_was_paid_for_before_a_kill_is_not_asked_for_again(
    tmp_path, dataset, scripted, embedder
):
    judge = Judge()
    experiment(tmp_path, dataset, scripted(), judge, embedder=embedder).run()
    (tmp_path / "run" / "verdicts.jsonl").unlink()  # as if killed between the replies and their verdicts
    again = Judge()
    table = experiment(tmp_path, dataset, scripted(), again, embedder=embedder).run().table
    assert not again.requests and table["judge_calls"].sum() == len(judge.requests)


def test_a_reply_without_a_verdict_is_unscored_and_counted(tmp_path, dataset, scripted, embedder):
    judge = Judge(lambda request: "maybe")
    results = experiment(tmp_path, dataset, scripted(), judge, embedder=embedder).run()
    assert results.table["score"].isna().all()
    assert "12 replies of the judge of is_right had no verdict: not scored." in str(results).replace(
        "\n  ", " "
    )


def test_a_cap_stops_the_judging_and_not_the_run(tmp_path, dataset, scripted, embedder):
    spent = experiment(tmp_path / "free", dataset, scripted(), Judge(), embedder=embedder).run().table
    answers = spent["read_prompt_tokens"].sum() + spent["read_completion_tokens"].sum()
    budget = Budget(experiment={"tokens": float(answers + 60)})
    results = experiment(tmp_path, dataset, scripted(), Judge(), budget=budget, embedder=embedder).run()
    assert not results.failed and results.table["answer"].ne("").any()
    assert 0 < results.table["score"].notna().sum() < 12
    assert "budget.experiment.tokens" in results.problems[0]


def test_a_metric_that_breaks_on_one_answer_leaves_the_others(tmp_path, dataset, scripted, embedder):
    @dataclass(frozen=True)
    class Breaks(IsRight):
        async def score(self, question, answer, tools):
            return Verdict(1 / len(question.answers))

    results = experiment(tmp_path, dataset, scripted(), None, metrics=[Breaks()], embedder=embedder).run()
    assert results.table["score"].notna().sum() == 8
    assert results.problems == (
        "4 answers could not be judged by is_right: ZeroDivisionError: division by zero",
    )


def test_without_a_judge_of_its_own_the_reader_judges(tmp_path, dataset, embedder):
    reader = ScriptedReader(lambda request: "yes")
    results = experiment(tmp_path, dataset, reader, None, embedder=embedder).run()
    assert (results.table["score"] == 1).all()


def test_metrics_are_refused_before_anything_is_spent(tmp_path, dataset, scripted, embedder):
    with pytest.raises(LcragError, match="Two metrics are named 'is_right'"):
        experiment(tmp_path, dataset, scripted(), None, metrics=[IsRight(), IsRight()]).run()
    with pytest.raises(LcragError, match="There is no metric 'is_rigt'; did you mean 'is_right'"):
        experiment(tmp_path, dataset, scripted(), None, metric="is_rigt").run()


@dataclass(frozen=True)
class Length:
    """The length of the answer."""

    name: str = "words"
    calls: list = field(default_factory=list, compare=False)

    def score(self, question, answer):
        self.calls.append(1)
        return min(1.0, len(answer.text) / 100)


def test_another_metric_does_not_ask_the_reader_again(tmp_path, dataset, scripted, embedder):
    reader = scripted()
    settings = {"metrics": [], "embedder": embedder}
    first = experiment(tmp_path, dataset, reader, None, metric="accuracy", **settings).run().table
    asked = len(reader.requests)
    second = experiment(tmp_path, dataset, reader, None, metric=Length(), **settings).run().table
    assert len(reader.requests) == asked
    pd.testing.assert_series_equal(first["answer"], second["answer"])
    assert second["score"].tolist() == [min(1.0, len(a) / 100) for a in second["answer"]]


def calibrated(metric, folder):
    """A calibration by a judge that accepts 60 of 75 right answers and rejects 60 of 75 wrong ones."""
    answers = [("1987", 1)] * 60 + [("that year", 1)] * 15 + [("1987 or 1990", 0)] * 15 + [("1990", 0)] * 60
    labels = [
        {"question": f"Q{i}?", "gold": "it", "answer": a, "label": x} for i, (a, x) in enumerate(answers)
    ]
    pd.DataFrame(labels).to_csv(folder / "labels.csv", index=False)
    frame, _ = asyncio.run(judged(load_labels(folder / "labels.csv"), metric))
    names = {"judge": "judge-1", "metric": "correctness", "labels": "labels.csv"}
    calibrate(frame, digest=judge_digest(metric), **names).save(folder / "calibration.json")
    return folder / "calibration.json"


def test_a_judge_decides_only_when_it_was_checked_and_is_corrected_then(
    tmp_path, dataset, scripted, embedder
):
    settings = {"metric": "correctness", "embedder": embedder}
    judge = Judge(lambda request: "True" if "1987" in request.messages[-1].content else "False")
    unchecked = Correctness(judge=judge)
    with pytest.raises(LcragError, match="was not held against labels: run `lcrag judge check`"):
        experiment(tmp_path, dataset, scripted(), judge, metrics=[unchecked], **settings).run()
    assert not judge.requests
    allowed = Correctness(judge=judge, uncalibrated=True)
    results = experiment(tmp_path, dataset, scripted(), judge, metrics=[allowed], **settings).run()
    assert results.table["score"].notna().all()

    calibration = calibrated(unchecked, tmp_path)
    checked = Correctness(judge=judge, calibration=calibration)
    results = experiment(tmp_path, dataset, scripted(), judge, metrics=[checked], **settings).run()
    assert "correctness corrected for its judge's errors (Rogan-Gladen): chunked_retrieval" in " ".join(
        str(results).split()
    )
    other = Correctness(judge=Judge(), rubric="simpleqa", calibration=calibration)
    with pytest.raises(LcragError, match="other settings"):
        experiment(tmp_path, dataset, scripted(), judge, metrics=[other], **settings).run()


def test_a_cap_in_dollars_counts_what_the_judge_has_cost_before_a_restart(
    tmp_path, dataset, scripted, embedder
):
    prices = Prices(PriceCard(0, 0), judge=PriceCard(1e6, 0))  # a dollar per prompt token
    settings = {"prices": prices, "embedder": embedder}
    dying = Judge(dies_after=4)
    experiment(tmp_path, dataset, scripted(), dying, **settings).run()
    spent = judged_tokens(dying)
    judge = Judge()
    budget = Budget(experiment={"dollars": float(spent + 1)})
    results = experiment(tmp_path, dataset, scripted(), judge, budget=budget, **settings).run()
    assert not judge.requests and "budget.experiment.dollars" in results.problems[0]


def test_a_cap_that_cannot_be_kept_for_the_judge_is_told_before_it_is_asked(
    tmp_path, dataset, scripted, embedder
):
    judge = Judge()
    settings = {
        "prices": Prices(PriceCard(0, 0)),
        "budget": Budget(experiment={"dollars": 1.0}),
        "embedder": embedder,
    }
    results = experiment(tmp_path, dataset, scripted(), judge, **settings).run()
    assert not judge.requests
    assert "the dollars of judge-1 are not known; give `prices`" in results.problems[0]


def test_a_damaged_reply_or_verdict_is_told(tmp_path, dataset, scripted, embedder):
    experiment(tmp_path, dataset, scripted(), Judge(), embedder=embedder).run()
    for name in ("replies.jsonl", "verdicts.jsonl"):
        path = tmp_path / "run" / name
        path.write_bytes(b"{}\n" + path.read_bytes())
    told = " ".join(str(experiment(tmp_path, dataset, scripted(), Judge(), embedder=embedder).run()).split())
    assert "replies.jsonl:1 is damaged" in told and "verdicts.jsonl:1 is damaged" in told
