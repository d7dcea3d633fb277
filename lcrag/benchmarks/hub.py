"""A benchmark's files from the Hugging Face hub, at a pinned revision."""

from __future__ import annotations

from pathlib import Path

from lcrag.benchmarks.base import Benchmark
from lcrag.errors import LcragError


def downloaded(benchmark: Benchmark) -> Path:
    """The folder of the benchmark's files, downloaded once.

    Raises:
        LcragError: it is not on the hub, huggingface-hub is not installed, or the hub cannot be reached.
    """
    if not benchmark.hub:
        raise LcragError(
            f"{benchmark.title} is not on the hub: get it from {benchmark.source} and give `path`."
        )
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise LcragError("Downloading needs huggingface-hub: pip install huggingface-hub.") from error
    name, _, revision = benchmark.hub.partition("@")
    try:
        folder = snapshot_download(
            name, repo_type="dataset", revision=revision or None, allow_patterns=[*benchmark.files]
        )
    except Exception as error:  # whatever the network and the hub raise
        raise LcragError(
            f"{benchmark.title} cannot be downloaded from the hub ({type(error).__name__}): get it from "
            f"{benchmark.source} and give `path`."
        ) from error
    return Path(folder)
