"""A benchmark's files from the Hugging Face hub, at the revision that is asked for."""

from __future__ import annotations

from pathlib import Path

from lcrag.benchmarks.base import Benchmark
from lcrag.errors import LcragError

HUB = "hub:"  # begins a path that names a data set on the hub, such as hub:THUDM/LongBench@REVISION


def folder_of(benchmark: Benchmark, path: Path | str | None) -> Path:
    """Where a benchmark's files lie; those of the hub are downloaded once.

    Args:
        benchmark: Its description.
        path: A folder or file, or ``hub:owner/name@revision``.

    Raises:
        LcragError: there is no path, a name on the hub has no revision, or the hub cannot be reached.
    """
    if path is None:
        raise LcragError(f"{benchmark.title}: give `path`, the folder of its files, from {benchmark.source}.")
    _, hub, name = str(path).rpartition(HUB)
    return _downloaded(benchmark, name) if hub else Path(path).expanduser()


def _downloaded(benchmark: Benchmark, given: str) -> Path:
    name, _, revision = given.partition("@")
    if not revision or name.count("/") != 1:
        raise LcragError(
            f"{benchmark.title}: {HUB}{given} must be {HUB}owner/name@revision, so that the same files are read again."
        )
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise LcragError("Downloading needs huggingface-hub: pip install huggingface-hub.") from error
    try:
        folder = snapshot_download(
            name, repo_type="dataset", revision=revision, allow_patterns=[*benchmark.files]
        )
    except Exception as error:  # whatever the network and the hub raise
        raise LcragError(
            f"{benchmark.title} cannot be downloaded from {HUB}{given} ({type(error).__name__}): get it from "
            f"{benchmark.source} and give its folder."
        ) from error
    return Path(folder)
