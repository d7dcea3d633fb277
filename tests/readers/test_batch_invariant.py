"""What each reader promises about the texts of a resumed run, or of one with another concurrency."""

import os

import pytest

from lcrag.errors import ReaderUnavailable
from lcrag.readers.base import Reader
from lcrag.readers.openai import OpenAIReader
from lcrag.readers.scripted import ScriptedReader
from lcrag.readers.vllm import VLLMReader
from lcrag.readers.vllm_engine import VARIABLE, check_invariance, invariant_kernels


def test_each_reader_says_whether_texts_depend_on_the_batch():
    assert ScriptedReader(lambda request: "x").batch_invariant
    assert not ScriptedReader(["in", "order", "of", "arrival"]).batch_invariant
    assert not OpenAIReader("gpt-x").batch_invariant
    assert not VLLMReader().batch_invariant and VLLMReader(batch_invariant=True).batch_invariant


def test_transformers_and_langchain():
    pytest.importorskip("torch")
    from lcrag.readers.transformers import TransformersReader

    assert TransformersReader().batch_invariant
    pytest.importorskip("langchain_core")
    from lcrag.readers.langchain import LangChainReader

    assert not LangChainReader.batch_invariant


def test_a_reader_promises_nothing_by_default():
    class Plain(Reader):
        name, context_window, max_concurrency = "plain", 100, 1

    assert not Plain().batch_invariant


@pytest.mark.parametrize(("sequences", "caching"), [(2, False), (1, True)])
def test_a_batch_or_a_cached_prefix_on_a_cpu_is_refused(sequences, caching):
    arguments = {"max_num_seqs": sequences, "enable_prefix_caching": caching}
    with pytest.raises(ReaderUnavailable, match="set max_concurrency: 1 and enable_prefix_caching: false"):
        check_invariance(True, arguments)
    check_invariance(True, {"max_num_seqs": 1, "enable_prefix_caching": False})
    check_invariance(False, arguments)


@pytest.mark.parametrize("before", [None, "0"])
def test_the_environment_is_as_before_once_the_engine_runs(monkeypatch, before):
    monkeypatch.delenv(VARIABLE, raising=False)
    if before is not None:
        monkeypatch.setenv(VARIABLE, before)
    with invariant_kernels(True):
        assert os.environ[VARIABLE] == "1"
    assert os.environ.get(VARIABLE) == before
    with invariant_kernels(False):
        assert os.environ.get(VARIABLE) == before
