"""Caps with a real reader: what a call may take at most is never less than what it took."""

from dataclasses import replace

import pytest

from lcrag import Budget, ChunkedRetrieval, Experiment, LongContext, TransformersReader
from retrievers.bm25 import BM25Retriever
from retrievers.chunkers import RecursiveChunker

pytest.importorskip("torch")


@pytest.mark.slow
def test_flops_and_tokens_of_a_real_model_stay_under_their_caps(tmp_path, dataset, embedder):
    reader = TransformersReader("smollm2")
    north = replace(dataset, documents=dataset.documents[:1], questions=dataset.questions[:2])
    common = {"retriever": BM25Retriever(RecursiveChunker(60, 0)), "embedder": embedder, "mlflow": ""}
    strategies = [ChunkedRetrieval(k=1, max_tokens=3), LongContext(max_tokens=3)]
    free = Experiment(north, reader, strategies, tmp_path / "free", **common).run()
    flops, tokens = (
        sum(getattr(o.usage["read"], a) for o in free.outcomes) for a in ("flops", "prompt_tokens")
    )
    for unit, most in (("flops", flops / 2), ("tokens", tokens / 2)):
        budget = Budget(experiment={unit: most})
        capped = Experiment(north, reader, strategies, tmp_path / unit, budget=budget, **common).run()
        took = [o.usage["read"] for o in capped.outcomes]
        spent = sum(u.flops if unit == "flops" else u.prompt_tokens + u.completion_tokens for u in took)
        assert 0 < spent <= most
        assert any(f"budget.experiment.{unit}" in o.error for o in capped.outcomes)
        answers = {(o.strategy, o.question_id): o.answer for o in free.outcomes}
        assert all(o.answer == answers[o.strategy, o.question_id] for o in capped.outcomes if not o.error)
