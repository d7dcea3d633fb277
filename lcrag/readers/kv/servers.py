"""What servers' own options make of the KV cache: fewer bits, a sliding window."""

from __future__ import annotations

from typing import Any

BF16_BYTES = 2
BYTES = {"fp8": 1, "fp8_e4m3": 1, "fp8_e5m2": 1, "fp8_inc": 1, "int8": 1, "fp4_e2m1": 0.5}


def kv_label(dtype: str, window: int) -> str:
    """The options as rows name them, after the model's name; empty for the model's own."""
    parts = ([] if dtype == "auto" else [f"KV {dtype}"]) + ([f"window {window}"] if window else [])
    return f" ({', '.join(parts)})" if parts else ""


def kv_fractions(dtype: str, window: int, tokens: int) -> dict[str, Any]:
    """``kv_stored_fraction`` and ``kv_loaded_fraction`` of a cache of ``tokens`` tokens; dense numbers have two bytes.

    Scales and whole blocks, which servers keep beside the numbers, are not counted.
    """
    share = (
        BYTES.get(dtype, BF16_BYTES) / BF16_BYTES * (min(1.0, window / tokens) if window and tokens else 1.0)
    )
    return {"kv_stored_fraction": share, "kv_loaded_fraction": share}
