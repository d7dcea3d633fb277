"""FLOPs of embedding models and cross-encoders, from their Hugging Face configuration.

Counted are the products with weights and attention, as in ``lcrag.cost.model``. Pooling and a classifier's head, under
1% of the models here, are left out, and so is padding, which depends on the batches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lcrag.cost.config import read_config
from lcrag.cost.fields import Fields
from lcrag.cost.model import ModelSpec
from lcrag.errors import LcragError

# Attention over the whole text, four matrices of attention and two of feed-forward in each layer.
BERT_LIKE = {"bert", "roberta", "xlm-roberta", "camembert", "mpnet", "electra", "distilbert"}
DECODERS = {"llama", "mistral", "qwen2", "qwen3"}  # causal attention; the last token's state is the embedding
NAMES = {  # of DistilBERT, as the others write them
    "hidden_size": "dim",
    "num_hidden_layers": "n_layers",
    "intermediate_size": "hidden_dim",
}


@dataclass(frozen=True)
class EncoderSpec:
    """An encoder's shape.

    Attributes:
        layers: number of layers.
        hidden: width of a token's state.
        intermediate: width of the feed-forward layers.
    """

    layers: int
    hidden: int
    intermediate: int

    @property
    def parameters(self) -> int:
        """Weights that every token is multiplied with: query, key, value, output and two of feed-forward."""
        return self.layers * (4 * self.hidden**2 + 2 * self.hidden * self.intermediate)

    def flops(self, tokens: float) -> float:
        """FLOPs to read one text.

        2 for each weight and token; for each pair of tokens 4 for each element of a state in each layer (QK^T and PV,
        Kaplan et al. 2020, arXiv 2001.08361, table 1), without a causal half.
        """
        return 2 * self.parameters * tokens + 4 * self.layers * self.hidden * tokens**2


@dataclass(frozen=True)
class DecoderAsEncoder:
    """A decoder that embeds: a prompt is read, and the output head is not used."""

    model: ModelSpec

    def flops(self, tokens: float) -> float:
        """FLOPs to read one text."""
        return self.model.prefill_flops(tokens) - 2 * self.model.head_parameters * min(tokens, 1)


def encoder_spec(config: Mapping[str, Any] | None) -> EncoderSpec | DecoderAsEncoder | None:
    """The shape of an embedding model; ``None`` for an architecture that this count would get wrong."""
    if config is None:
        return None
    fields = Fields(read_config(config))
    try:
        if fields.kind in BERT_LIKE:
            layers, hidden, intermediate = (
                fields.need(name if fields.get(name) is not None else other) for name, other in _sizes()
            )
            return EncoderSpec(layers, hidden, intermediate)
        return DecoderAsEncoder(ModelSpec.from_config(config)) if fields.kind in DECODERS else None
    except LcragError:
        return None


def _sizes() -> list[tuple[str, str]]:
    return [(name, NAMES[name]) for name in ("num_hidden_layers", "hidden_size", "intermediate_size")]


def reading_flops(
    config: Mapping[str, Any] | None, tokens: float, texts: int, lengths: Sequence[int] = ()
) -> float | None:
    """FLOPs to read some texts, one by one; ``None`` where the model's shape is not known.

    Args:
        config: the model's configuration.
        tokens: tokens of all texts.
        texts: how many there are.
        lengths: tokens of each; where they are not known, the texts count as equally long, which is a lower bound.
    """
    spec = encoder_spec(config)
    if spec is None or tokens != tokens:  # NaN: not known
        return None
    if lengths:
        return sum(map(spec.flops, lengths), 0.0)
    return texts * spec.flops(tokens / texts) if texts else 0.0
