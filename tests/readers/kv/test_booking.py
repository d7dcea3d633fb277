# ruff: noqa: E402
"""What a reader with a KV cache method books: fractions, cached tokens, and memory as it is measured."""

import gc
import warnings

import pytest

torch = pytest.importorskip("torch")
from lcrag.errors import LcragError
from lcrag.readers.base import Message, Request
from lcrag.readers.generation import Generation
from lcrag.readers.kv import (
    A2ATS,
    KIVI,
    DoubleSparsity,
    KeepAll,
    KVMerger,
    MoA,
    QuestionBlindSnapKV,
    ShadowKV,
    SqueezedAttention,
    StreamingLLM,
)  # fmt: skip
from lcrag.readers.prompt import Prompt


def tensor_bytes():
    """Bytes of the storages of all live tensors, each once."""
    gc.collect()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # asking old names of torch for their class
        live = [t for t in gc.get_objects() if isinstance(t, torch.Tensor)]
    return sum({t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in live}.values())


def prompt(ids, method, prefix=280, max_tokens=4):
    return Prompt(Request((Message("user", "x"),), max_tokens), ids, prefix, method)


METHODS = [
    DoubleSparsity(dense_layers=1), SqueezedAttention(window=40), MoA(sinks=8), ShadowKV(rank=8), A2ATS(codes=16),
    KeepAll(), StreamingLLM(budget=0.25), KIVI(4, group=16), QuestionBlindSnapKV(budget=0.25), KVMerger(budget=0.25),
]  # fmt: skip


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_measured_memory_is_what_is_booked(model, ids, method):
    """After the answer the document's KV is held as the method keeps it; no view holds the dense one alive."""
    generation = Generation(model, model.generation.tokenizer, 2, 1e9)
    generation.run([prompt(ids[:20], method, 10)])  # what is learned once
    generation.prefixes.clear()
    before = tensor_bytes()
    (completion,) = generation.run([prompt(ids, method)])
    held = tensor_bytes() - before
    tokens = 300 + completion.usage.completion_tokens
    booked = completion.usage.kv_stored_fraction * tokens * 3 * 2 * 2 * 16 * 4
    own = (tokens - 280) * 3 * 2 * 2 * 16 * 4  # the question's and the answer's tokens, gone with the answer
    on_host = sum(s.total - s.stored for s in next(iter(generation.prefixes.values())))
    assert held - on_host == pytest.approx(booked - own, abs=2048)  # small tensors of the test's own


def test_a_prefix_is_kept_for_each_method_and_reused(model, ids):
    generation = Generation(model, model.generation.tokenizer, 2, 1e9)
    for method in (KeepAll(), StreamingLLM(budget=0.25)):
        first, second = (generation.run([prompt(ids, method)])[0] for _ in range(2))
        assert first.usage.cached_tokens == 0 and first.prefix_key
        assert second.usage.cached_tokens == 280 and not second.prefix_key
        assert first.text == second.text


def test_without_a_shared_prefix_the_whole_prompt_is_kept_by_the_method(model, ids):
    (completion,) = model.generation.run([prompt(ids, StreamingLLM(budget=0.25), prefix=0)])
    tokens = 300 + completion.usage.completion_tokens
    expected = (75 + completion.usage.completion_tokens) / tokens
    assert completion.usage.kv_stored_fraction == pytest.approx(expected)
    assert completion.usage.cached_tokens == 0 and not completion.prefix_key


def test_questions_with_other_methods_are_not_decoded_together(ids):
    one, other = (prompt(ids, m) for m in (KeepAll(), StreamingLLM(budget=0.25)))
    assert one.can_join(prompt(ids, KeepAll())) and not one.can_join(other)
    assert one.key != other.key


def test_a_model_with_other_attention_is_refused(model, ids):
    plain = Generation(model, model.generation.tokenizer, 2, 1e9, kept=False)
    with pytest.raises(LcragError, match="leave out `cache`"):
        plain.run([prompt(ids, StreamingLLM())])


def test_a_method_is_named_in_yaml():
    from lcrag.components.build import build

    reader = build("reader", {"type": "transformers", "cache": {"type": "streaming_llm", "budget": 0.5}}, "x")
    assert reader.cache == StreamingLLM(budget=0.5)
    with pytest.raises(LcragError, match="share"):
        build("kv_cache", {"type": "streaming_llm", "budget": 1.5}, "x")
