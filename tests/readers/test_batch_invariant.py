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


def test_a_batch_on_a_cpu_is_refused():
    with pytest.raises(
        ReaderUnavailable, match="no batch-invariant kernels for CPUs: set max_concurrency: 1"
    ):
        check_invariance(on_cpu=True, sequences=2)
    check_invariance(on_cpu=True, sequences=1)
    check_invariance(on_cpu=False, sequences=64)


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
