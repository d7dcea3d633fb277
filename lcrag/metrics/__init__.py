"""How good an answer is: one file a family of metrics."""

from lcrag.metrics.score import score

__all__ = ["score"]
