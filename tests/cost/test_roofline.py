"""Fu 2024 (arXiv 2405.08944): Yi-34B on an A100, and its unit trap."""

from dataclasses import replace

import pytest

from lcrag.cost.hardware import Hardware, find_hardware, read_hardware
from lcrag.cost.model import ModelSpec
from lcrag.cost.paper_flops import fu_flops
from lcrag.cost.roofline import call_seconds, concurrency, decode_seconds, prefill_seconds, switch_seconds
from lcrag.errors import LcragError

A100 = find_hardware("a100")
YI = ModelSpec.from_config("yi-34b")
NOMINAL = replace(YI, total_parameters=34e9, active_parameters=34e9)  # the paper takes 34e9 weights


@pytest.mark.parametrize(("tokens", "seconds"), [(50_000, 14.1), (4_000, 0.89)])
def test_prefill_as_published(tokens, seconds):
    """With the width 6656 that the two published numbers imply; Yi-34B's own width is 7168."""
    assert fu_flops(34e9, 60, 6656, tokens) / A100.flops == pytest.approx(seconds, rel=0.003)
    half = replace(
        NOMINAL, head_parameters=0, query_heads=26
    )  # half of 6656: its quadratic term is half of ours
    assert prefill_seconds(half, A100, tokens) == pytest.approx(seconds, rel=0.003)


def test_prefill_with_the_model_s_own_width_and_both_products_of_attention():
    assert prefill_seconds(YI, A100, 50_000) == pytest.approx(17.7, rel=0.01)


def test_cache_users_decoding_and_switching_as_published():
    assert YI.kv_bytes(50_000) / 2**30 == pytest.approx(11.44, abs=0.005)
    assert YI.kv_bytes(4_000) / 2**30 == pytest.approx(0.916, abs=0.0005)
    assert [concurrency(NOMINAL, A100, n) for n in (50_000, 4_000)] == [1, 18]
    assert concurrency(YI, A100, 4_000) == 17  # with its 34.39e9 weights
    assert decode_seconds(NOMINAL, A100, 250, 50_000) == pytest.approx(9.8, rel=0.03)
    assert decode_seconds(NOMINAL, A100, 250, 4_000) == pytest.approx(8.5, rel=0.03)
    assert switch_seconds(YI, A100, 50_000, 50_000) == pytest.approx(1.229, rel=0.001)


def test_the_unit_trap():
    """A vendor's 80 GB of HBM are 80 GiB: with 80e9 bytes not even one user of 50K tokens would fit."""
    assert A100.memory == 80 * 2**30
    decimal = replace(A100, memory_gib=80e9 / 2**30)
    assert concurrency(NOMINAL, decimal, 50_000) == 0
    assert concurrency(NOMINAL, A100.parallel(2), 50_000) == 8  # (2 * 80 GiB - 68e9) / 12.288e9
    assert concurrency(ModelSpec.from_config("llama-3-70b"), A100, 1000) == 0


def test_ridges_and_intensity():
    """A100 156, H100 295, H200 206 FLOPs per byte; decoding stays under them, whatever the batch."""
    ridges = [find_hardware(name).ridge for name in ("a100", "h100", "h200")]
    assert ridges == pytest.approx([156, 295, 206], rel=0.005)
    at = {(n, b): NOMINAL.decode_intensity(n, b) for n in (4_000, 50_000) for b in (1, 8, 64)}
    small, large = [at[4_000, b] for b in (1, 8, 64)], [at[50_000, b] for b in (1, 8, 64)]
    assert small == pytest.approx([1.09, 7.9, 36.6], rel=0.01)
    assert large == pytest.approx([1.92, 7.4, 11.5], rel=0.01)


def test_utilisation_and_overheads_enter_the_time():
    slow = replace(A100, mfu=0.5, mbu=0.5)
    assert prefill_seconds(YI, slow, 4_000) == pytest.approx(2 * prefill_seconds(YI, A100, 4_000))
    assert decode_seconds(YI, slow, 10, 4_000) == pytest.approx(2 * decode_seconds(YI, A100, 10, 4_000))
    later = replace(A100, call_seconds=1.0)
    beside = call_seconds(YI, later, 4_000, 3_000, 10) - call_seconds(YI, A100, 4_000, 3_000, 10)
    assert beside == pytest.approx(1.0)
    cache = decode_seconds(YI, replace(A100, attention_mbu=0.25), 10, 4_000) - decode_seconds(
        YI, A100, 10, 4_000
    )
    assert cache == pytest.approx(3 * 10 * YI.kv_bytes(4_005) / 2e12)
    warm = prefill_seconds(YI, A100, 50, 50_000)
    assert warm == pytest.approx((YI.weights_read() + YI.kv_bytes(50_000)) / 2e12)  # reading takes longer


def test_cards_of_your_own(tmp_path):
    path = tmp_path / "cards.yaml"
    path.write_text(
        "b200: {tflops: 2.25e3, bandwidth_gb_s: 8000, memory_gib: 180, link_gb_s: 64, mfu: 0.5}\n"
    )
    assert find_hardware("b200", path) == Hardware(2250, 8000, 180, 64, mfu=0.5)
    assert find_hardware("l4", path).memory_gib == 24
    assert set(read_hardware(path)) == {"b200"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x: {tflop: 1, bandwidth_gb_s: 1, memory_gib: 1, link_gb_s: 1}", "unknown key 'tflop'; did you mean 'tflops'"),
        ("x: {tflops: 1}", "x: the key 'bandwidth_gb_s' is missing"),
        ("x: {tflops: 0, bandwidth_gb_s: 1, memory_gib: 1, link_gb_s: 1}", "tflops must be a positive number, not 0"),
        ("x: {tflops: a, bandwidth_gb_s: 1, memory_gib: 1, link_gb_s: 1}", "positive number, not 'a'"),
        ("x: 3", "cards by name are expected"),
        ("x: [", "is not YAML"),
    ],
)  # fmt: skip
def test_broken_cards_are_refused(tmp_path, text, message):
    (tmp_path / "cards.yaml").write_text(text)
    with pytest.raises(LcragError, match=message):
        read_hardware(tmp_path / "cards.yaml")


def test_unknown_hardware_is_refused(tmp_path):
    with pytest.raises(LcragError, match="no hardware card 'h10'; did you mean 'h100'"):
        find_hardware("h10")
    with pytest.raises(LcragError, match="There is no file"):
        find_hardware("h100", tmp_path / "none.yaml")
    with pytest.raises(LcragError, match="at least one device"):
        A100.parallel(0)
