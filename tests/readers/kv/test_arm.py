"""A KV cache method as an arm: ``long_context`` with `cache`."""

from dataclasses import dataclass, field, replace

import pytest

from lcrag.components.build import build
from lcrag.errors import LcragError
from lcrag.readers.kv import KVCache, StreamingLLM
from lcrag.runtime.resources import Resources
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.strategies import LongContext


@dataclass(frozen=True)
class Choosing:
    """A scripted reader that notes which method each request names."""

    inner: object
    cache: KVCache | None = None
    methods: list = field(default_factory=list)

    def __getattr__(self, name):
        return getattr(self.inner, name)

    async def generate(self, request):
        self.methods.append(request.cache)
        completion = await self.inner.generate(request)
        return replace(completion, usage=replace(completion.usage, kv_stored_fraction=0.25))


def tools_of(reader, dataset):
    return MeteredToolbox(Resources(reader, {d.id: d for d in dataset.documents}), "salt")


ARM = {"type": "long_context", "name": "streaming_25", "cache": {"type": "streaming_llm", "budget": 0.25}}


async def test_the_method_reaches_the_reader_and_the_row(dataset, scripted):
    reader = Choosing(scripted())
    arm = build("strategy", ARM, "x")
    tools = tools_of(reader, dataset)
    await arm.answer(dataset.questions[0], tools)
    assert reader.methods == [StreamingLLM(budget=0.25)]
    assert tools.ledger["read"].kv_stored_fraction == 0.25


async def test_a_reader_without_methods_says_so(dataset, scripted):
    with pytest.raises(LcragError, match="leave out `cache`"):
        await LongContext(cache=StreamingLLM()).answer(dataset.questions[0], tools_of(scripted(), dataset))
