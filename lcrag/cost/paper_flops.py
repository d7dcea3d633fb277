"""Prefill FLOPs by the formulas of papers, to compare with their numbers; lcrag itself uses ``ModelSpec``."""

from __future__ import annotations

from lcrag.cost.model import ModelSpec


def kaplan_flops(spec: ModelSpec, tokens: float) -> float:
    """``n * (2 N + 2 L n d)``: Kaplan et al. 2020, arXiv 2001.08361, equation 2.2.

    N without embeddings. Read there as QK^T over the whole context, it equals QK^T and PV with the causal half.
    """
    body = spec.active_parameters - spec.head_parameters
    return tokens * (2 * body + 2 * spec.layers * tokens * spec.query_heads * spec.head_dim)


def palm_flops(spec: ModelSpec, tokens: float) -> float:
    """``n * (2 N + 4 L d n)``: a third (the forward pass) of PaLM's count, arXiv 2204.02311, appendix B.

    Without the causal half: the quadratic term is twice Kaplan's.
    """
    width = spec.query_heads * spec.head_dim
    return tokens * (2 * spec.active_parameters + 4 * spec.layers * width * tokens)


def fu_flops(parameters: float, layers: int, width: int, tokens: float) -> float:
    """``n * (2 N + L n d)``, which gives the latencies in Fu 2024, arXiv 2405.08944.

    With N = 34e9, L = 60 and d = 6656 it gives the paper's 14.1 s (50K tokens) and 0.89 s (4K) of Yi-34B on an
    A100 at its peak of 312e12 FLOP/s. The formula and that width (Yi-34B's is 7168) are inferred from those two
    numbers. The quadratic term is half of Kaplan's, so it is too small for QK^T and PV together.
    """
    return tokens * (2 * parameters + layers * tokens * width)


def crossover_tokens(spec: ModelSpec) -> float:
    """The length at which attention takes as many FLOPs as the weights: ``N / (L d)`` with the causal half."""
    body = spec.active_parameters - spec.head_parameters
    return body / (spec.layers * spec.query_heads * spec.head_dim)
