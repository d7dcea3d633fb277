"""What a run's figures depend on beside its settings: Python, machine, packages."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

PACKAGES = ("lcrag", "torch", "transformers", "vllm", "sentence-transformers", "faiss-cpu", "bm25s", "openai",
            "langchain-core", "ragas", "ray", "mlflow", "numpy", "pandas", "scikit-learn", "scipy")  # fmt: skip


def environment() -> dict[str, Any]:
    """Python, machine and the versions of those packages that are installed."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    machine = {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()}
    return {"python": platform.python_version(), **machine, "packages": versions}
