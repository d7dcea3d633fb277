"""KV options of vLLM and SGLang are named in the rows and booked."""

import asyncio

from lcrag.readers import OpenAIReader, VLLMReader
from lcrag.readers.base import Message, Request


def test_a_server_with_an_fp8_cache_is_another_model_in_the_rows(server):
    plain = OpenAIReader("m", server.url)
    fp8 = OpenAIReader("m", server.url, kv_cache_dtype="fp8_e5m2", sliding_window=4096)
    assert (plain.name, fp8.name) == ("m", "m (KV fp8_e5m2, window 4096)")
    request = Request((Message("user", "When?"),))
    usages = [asyncio.run(reader.generate(request)).usage for reader in (plain, fp8)]
    assert [u.kv_stored_fraction for u in usages] == [1, 0.5]
    assert [u.kv_loaded_fraction for u in usages] == [1, 0.5]


def test_a_window_is_a_share_of_longer_prompts_only():
    from lcrag.readers.kv.servers import kv_fractions

    assert kv_fractions("auto", 1000, 4000)["kv_stored_fraction"] == 0.25
    assert kv_fractions("auto", 1000, 500)["kv_stored_fraction"] == 1


def test_vllm_gets_the_options():
    reader = VLLMReader("some/model", kv_cache_dtype="fp8", sliding_window=1024)
    assert reader.name == "some/model (KV fp8, window 1024)"
    assert reader._overrides() == {"sliding_window": 1024}
