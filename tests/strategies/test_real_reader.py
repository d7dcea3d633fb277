"""Every strategy with SmolLM2: it ends, and what it books is what the reader counted.

Texts are cut to 16 tokens for speed: this is about flow and accounts, not about quality.
"""

from dataclasses import replace

import pytest

from lcrag.readers.transformers import TransformersReader
from lcrag.schema import Usage
from tests.strategies.conftest import MATRIX, ask_all, resources


class Counting(TransformersReader):
    """Adds up what it has reported."""

    async def generate(self, request):
        completion = await super().generate(replace(request, max_tokens=min(16, request.max_tokens)))
        self._state["sum"] = self._state.get("sum", Usage()) + completion.usage
        return completion


@pytest.fixture(scope="module")
def reader():
    pytest.importorskip("gguf")
    return Counting()


@pytest.mark.slow
@pytest.mark.parametrize("strategy", MATRIX, ids=lambda s: s.name)
def test_a_real_reader(strategy, shown_dataset, reader, embedder):
    data = replace(shown_dataset, questions=shown_dataset.questions[:1])
    reader._loaded["sum"] = Usage()

    class Free(type(embedder)):
        def count_tokens(self, texts):
            return 0

    ((answer, tools),) = ask_all(strategy, resources(data, reader, Free()), data)
    counted = reader._loaded["sum"]
    assert isinstance(answer.text, str)
    for amount in ("prompt_tokens", "cached_tokens", "completion_tokens", "calls"):
        assert getattr(tools.spent, amount) == pytest.approx(getattr(counted, amount)), amount
    if strategy.name == "iter_drag":
        assert answer.notes["unprefixed"] == 0
