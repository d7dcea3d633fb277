"""Caps with a real reader: what a call may take at most is never less than what it took."""

import pytest

from lcrag import Budget, ChunkedRetrieval, Experiment, LongContext, TransformersReader
from retrievers.bm25 import BM25Retriever

pytest.importorskip("torch")


@pytest.mark.slow
def test_flops_and_tokens_of_a_real_model_stay_under_their_caps(tmp_path, dataset, embedder):
    reader = TransformersReader("smollm2")
    common = {"retriever": BM25Retriever(), "embedder": embedder, "mlflow": ""}
    strategies = [ChunkedRetrieval(k=1, max_tokens=12), LongContext(max_tokens=12)]
    free = Experiment(dataset, reader, strategies, tmp_path / "free", **common).run()
    flops, tokens = (
        sum(getattr(o.usage["read"], a) for o in free.outcomes) for a in ("flops", "prompt_tokens")
    )
    for unit, most in (("flops", flops / 2), ("tokens", tokens / 2)):
        budget = Budget(experiment={unit: most})
        capped = Experiment(dataset, reader, strategies, tmp_path / unit, budget=budget, **common).run()
        took = [o.usage["read"] for o in capped.outcomes]
        spent = sum(u.flops if unit == "flops" else u.prompt_tokens + u.completion_tokens for u in took)
        assert 0.3 * most < spent <= most
        assert any(f"budget.experiment.{unit}" in o.error for o in capped.outcomes)
        answers = {(o.strategy, o.question_id): o.answer for o in free.outcomes}
        assert all(o.answer == answers[o.strategy, o.question_id] for o in capped.outcomes if not o.error)
