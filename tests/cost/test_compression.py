"""KV cache methods in the cost model: Yi-34B at 50K tokens on an A100, as in Fu 2024."""

import pytest
from typer.testing import CliRunner

from lcrag.cli import app
from lcrag.cost import roofline as r
from lcrag.cost.compression import DENSE, KVShares, kv_methods
from lcrag.cost.hardware import find_hardware
from lcrag.cost.model import ModelSpec
from lcrag.ledger import Usage

YI = ModelSpec(34e9, 34e9, 0, 60, 56, 8, 128)
A100 = find_hardware("a100")


def test_a_quarter_of_the_cache_serves_more_users_and_switches_faster():
    quarter = KVShares("x", 0.25, 0.25)
    assert r.concurrency(YI, A100, 50_000) == 1
    assert r.concurrency(YI, A100, 50_000, quarter) == 5  # (85.9e9 - 68e9) / (12.288e9 / 4) = 5.8
    assert (
        r.switch_seconds(YI, A100, 50_000, 50_000, quarter) == r.switch_seconds(YI, A100, 50_000, 50_000) / 4
    )


def test_a_token_reads_the_weights_and_the_loaded_share():
    seconds = r.decode_seconds(YI, A100, 1, 50_000, kv=KVShares("x", 1, 0.1))
    cache = YI.kv_bytes(50_000.5)
    assert seconds == pytest.approx((68e9 + 0.1 * cache) / A100.bandwidth)


def test_what_is_on_the_host_comes_over_the_link():
    here = r.decode_seconds(YI, A100, 1, 50_000, kv=KVShares("x", 0.2, 0.1))
    there = r.decode_seconds(YI, A100, 1, 50_000, kv=KVShares("x", 0.2, 0.1, fetched=0.05))
    assert there - here == pytest.approx(0.05 * YI.kv_bytes(50_000.5) / A100.link)


def test_methods_at_a_budget():
    kv = {m.name: m for m in kv_methods(YI, 0.125)}
    assert kv["keep_all"] == DENSE
    assert (kv["snapkv"].stored, kv["snapkv"].loaded, kv["snapkv"].reuses_prefix) == (0.125, 0.125, False)
    assert kv["kivi"].stored == 4 / 16 + 2 / 32
    assert kv["double_sparsity"].loaded == 0.25 and kv["double_sparsity"].stored == 1.125
    assert kv["shadow_kv"].stored == 160 / 2048 + 1 / 16 and kv["shadow_kv"].fetched == 0.0625
    assert kv["squeezed_attention"].loaded == pytest.approx(0.125 + 0.0175)


def test_the_command_shows_methods_beside_retrieval():
    arguments = ["cost", "--model", "llama-3.1-8b", "--hardware", "a100", "--kv-budget", "0.25"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    lines = {line.split("  ")[0]: line.split() for line in result.stdout.splitlines()}
    assert lines["keep_all"][1:3] == ["100%", "100%"] and lines["streaming_llm"][1:3] == ["25%", "25%"]
    assert "retrieval, dense" in lines
    refused = CliRunner().invoke(app, ["cost", "--model", "gpt-4.1", "--kv-budget", "0.25"])
    assert refused.exit_code != 0


def test_fractions_add_as_means_weighted_by_tokens():
    one = Usage(900, completion_tokens=100, kv_stored_fraction=0.1, kv_loaded_fraction=0.2)
    other = Usage(80, completion_tokens=20)
    both = one + other
    assert both.kv_stored_fraction == pytest.approx((1000 * 0.1 + 100) / 1100)
    assert both.kv_loaded_fraction == pytest.approx((1000 * 0.2 + 100) / 1100)
    assert (Usage() + one).kv_stored_fraction == 0.1 and (one / 4).kv_stored_fraction == 0.1


def test_booked_bytes_are_those_that_are_stored():
    from types import SimpleNamespace

    from lcrag.runtime.pricing import priced_call

    usage = Usage(900, completion_tokens=100, kv_stored_fraction=0.25)
    assert priced_call(usage, SimpleNamespace(spec=YI, name="x"), None).kv_bytes == YI.kv_bytes(1000) / 4
