"""Tiny models with random weights, one for each architecture that docs/retrieval.md names, and one that it does not."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
import transformers as hf
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

from embedders.loading import bundled_minilm

WINDOW, LONGER = 32, 64  # tokens: of the models, and of the extended models
SIZE = {
    "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4,
    "initializer_range": 0.2,
}  # fmt: skip
VOCABULARY = 30522
QWEN3 = {
    "hidden_size": 64, "num_key_value_heads": 2, "head_dim": 8, "initializer_range": 0.1,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1e4},
}  # fmt: skip
MODERN = {"global_attn_every_n_layers": 2, "local_attention": 16, "pad_token_id": 0}
CONFIGS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "BERT": (hf.BertConfig, hf.BertModel, {}),
    "RoBERTa": (hf.RobertaConfig, hf.RobertaModel, {"max_position_embeddings": WINDOW + 2}),
    "MPNet": (hf.MPNetConfig, hf.MPNetModel, {"max_position_embeddings": WINDOW + 2}),
    "ModernBERT": (hf.ModernBertConfig, hf.ModernBertModel, MODERN),
    "NomicBERT": (hf.NomicBertConfig, hf.NomicBertModel, {}),
    "Qwen3": (hf.Qwen3Config, hf.Qwen3Model, QWEN3),
}
REFUSED: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "DeBERTa": (hf.DebertaV2Config, hf.DebertaV2Model, {}),
}


def config(name: str, **changes: Any) -> Any:
    """The configuration of a tiny model."""
    kind, _, own = (CONFIGS | REFUSED)[name]
    return kind(
        **{"vocab_size": VOCABULARY, "max_position_embeddings": WINDOW} | SIZE | deepcopy(own) | changes
    )


def random_model(name: str) -> Any:
    """A tiny model; the same weights each time."""
    torch.manual_seed(0)
    model = (CONFIGS | REFUSED)[name][1](config(name))
    for parameter_name, parameter in model.named_parameters():
        if parameter_name.endswith("bias") or "relative_attention_bias" in parameter_name:
            torch.nn.init.normal_(parameter, std=0.5)
    return model.eval()


def save(name: str, folder: Path) -> str:
    """A tiny model as sentence-transformers loads it; returns its folder."""
    random_model(name).save_pretrained(folder / "hf")
    hf.AutoTokenizer.from_pretrained(bundled_minilm()).save_pretrained(folder / "hf")
    body = Transformer(str(folder / "hf"), max_seq_length=WINDOW)
    SentenceTransformer(modules=[body, Pooling(config(name).hidden_size, "mean")], device="cpu").save(
        str(folder / "st")
    )
    return str(folder / "st")
