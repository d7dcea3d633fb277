"""Every strategy with SmolLM2: it ends, and what it books is what the reader counted.

Texts are cut to 16 tokens for speed: this is about flow and accounts, not about quality.
"""

from dataclasses import replace

import pytest

from lcrag.metrics.score import score
from lcrag.readers.transformers import TransformersReader
from lcrag.schema import READER_ROLES, Usage
from tests.strategies.conftest import MATRIX, ask_all, resources


class Counting:
    """Adds up what its reader has reported."""

    def __init__(self, reader):
        self.reader, self.counted = reader, Usage()

    def __getattr__(self, name):
        return getattr(self.reader, name)

    async def generate(self, request):
        completion = await self.reader.generate(replace(request, max_tokens=min(16, request.max_tokens)))
        self.counted += completion.usage
        return replace(completion, finish_reason="stop")  # the test has cut the text, not the strategy


@pytest.fixture(scope="module")
def model():
    pytest.importorskip("gguf")
    return TransformersReader()


@pytest.mark.slow
@pytest.mark.parametrize("strategy", MATRIX, ids=lambda s: s.name)
def test_a_real_reader(strategy, shown_dataset, model, embedder):
    data = replace(shown_dataset, questions=shown_dataset.questions[:1])
    reader = Counting(model)
    if strategy.name == "iter_drag":  # a reader this small may answer no demonstration right
        strategy = replace(strategy, m=0)

    ((answer, tools),) = ask_all(strategy, resources(data, reader, embedder), data)
    assert 0 <= score(data.questions[0], answer)["accuracy"] <= 1
    for amount in ("prompt_tokens", "cached_tokens", "completion_tokens", "calls"):
        assert getattr(tools.ledger.sum(READER_ROLES), amount) == pytest.approx(
            getattr(reader.counted, amount)
        ), amount
    if strategy.name == "iter_drag":
        assert answer.notes["unprefixed"] == 0
