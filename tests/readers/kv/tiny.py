"""Sizes of the tiny model and comparisons of its logits."""

DENSE_BYTES = 280 * 3 * 2 * 2 * 16 * 4  # tokens, layers, keys and values, KV heads, head_dim, bytes


def far(one, other):
    """The largest difference of two lists of logits."""
    return max(float((a - b).abs().max()) for a, b in zip(one, other, strict=True))


def stored(answer):
    """The share of the dense document's bytes that is stored."""
    return sum(s.stored for s in answer.stores) / DENSE_BYTES


def loaded(answer):
    """The share of the dense document's bytes that a written token reads."""
    return answer.loaded / DENSE_BYTES
