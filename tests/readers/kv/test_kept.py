# ruff: noqa: E402
"""Methods that keep fewer bytes and read all of them."""

import pytest

torch = pytest.importorskip("torch")
from lcrag.errors import ReaderUnavailable
from lcrag.readers.kv import KIVI, KeepAll, Quantized, StreamingLLM
from tests.readers.kv.tiny import far, loaded, stored


def test_keeping_all_gives_the_logits_of_dense_attention(model, ids, answer, dense):
    """Bit for bit where transformers' own cache gets document and question in the same two passes."""
    from transformers import DynamicCache

    with torch.inference_mode():
        cache = DynamicCache()
        model(torch.tensor([ids[:280]]), past_key_values=cache)
        question = model(torch.tensor([ids[280:]]), past_key_values=cache, logits_to_keep=1).logits[0, -1]
    kept = answer(KeepAll())
    assert torch.equal(kept.logits[0], question)
    assert far(kept.logits, dense) < 1e-4  # one pass over everything rounds differently
    assert stored(kept) == loaded(kept) == 1


@pytest.mark.parametrize("method", [StreamingLLM(budget=1)])
def test_a_whole_budget_changes_no_bit(answer, method):
    assert far(answer(method).logits, answer(KeepAll()).logits) == 0


def test_streaming_keeps_sinks_and_window_at_positions_inside_the_cache(model, layers):
    """The kept keys are those that a prompt without the dropped tokens has at these places, in the first layer."""
    store = StreamingLLM(budget=0.25, sinks=4).keep(layers[0])
    assert store.keys.shape == (2, 70, 16) and store.position == 70
    kept = [0, 1, 2, 3, *range(280 - 66, 280)]
    assert torch.equal(store.values, layers[0].values[:, kept])
    shift = torch.tensor([new - old for new, old in enumerate(kept)], dtype=torch.float64)
    angles = shift[:, None] * model.get_decoder().rotary_emb.inv_freq.double()
    states = layers[0].keys[:, kept].double()
    as_complex = torch.complex(states[..., :8], states[..., 8:]) * torch.polar(
        torch.ones_like(angles), angles
    )
    assert torch.allclose(store.keys.double(), torch.cat([as_complex.real, as_complex.imag], -1), atol=1e-4)


def test_streaming_stores_its_budget(answer):
    kept = answer(StreamingLLM(budget=0.25))
    assert stored(kept) == loaded(kept) == 0.25


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_kivi_errs_by_half_a_step_at_most(filled, bits):
    store = KIVI(bits, group=16, residual=24).keep(filled)
    read = store.read(None, 280)
    keys = filled.keys[:, :256].unflatten(1, (16, 16))  # by channel over 16 tokens
    step = (keys.amax(2, keepdim=True) - keys.amin(2, keepdim=True)) / (2**bits - 1)
    error = (read.keys[:, :256].unflatten(1, (16, 16)) - keys).abs()
    assert (error <= step / 2 + 1e-5).all() and error.max() > 0
    values = filled.values[:, :256]  # by token over all 16 channels
    step = (values.amax(2, keepdim=True) - values.amin(2, keepdim=True)) / (2**bits - 1)
    assert ((read.values[:, :256] - values).abs() <= step / 2 + 1e-5).all()
    assert torch.equal(read.keys[:, 256:], filled.keys[:, 256:])


def test_kivi_books_packed_bytes_minima_and_steps(answer):
    kept = answer(KIVI(4, group=16, residual=24))
    quantised = 256 * 16 * 2 * 2 * 3  # numbers: tokens, channels, KV heads, keys and values, layers
    expected = quantised / 2 + quantised / 16 * 2 * 4 + 24 * 16 * 2 * 2 * 3 * 4
    assert stored(kept) == expected / (280 * 16 * 2 * 2 * 3 * 4)


def test_fewer_bits_are_further_from_dense(answer, dense):
    distance = [far(answer(KIVI(bits)).logits, dense) for bits in (8, 4, 2)]
    assert distance[0] < distance[1] < distance[2]


@pytest.mark.parametrize("backend", ["quanto", "hqq"])
def test_the_quantised_cache_of_transformers(answer, dense, backend):
    try:
        four, two = (answer(Quantized(backend, bits)) for bits in (4, 2))
    except ReaderUnavailable as error:
        assert "pip install" in str(error)
        return
    assert far(four.logits, dense) < far(two.logits, dense)
    assert stored(two) < stored(four) < 0.3
