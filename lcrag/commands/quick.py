"""``lcrag run`` without a YAML file: ``lcrag demo --full`` on one's own documents, changed by options."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lcrag.commands.readers import reader_spec

ROUTED = {"chunked_retrieval", "long_context"}  # what the demo's routers choose among


def own_documents(
    demo: dict[str, Any],
    documents: Path,
    questions: Path,
    model: str = "",
    base_url: str = "",
    strategies: Sequence[str] = (),
    retriever: str = "",
) -> dict[str, Any]:
    """The experiment of the full demo with other documents and questions, and what else is given, as in YAML.

    A strategy of the demo keeps the demo's settings; the demo's routers stay if the strategies that they need do.
    """
    name = documents.resolve().name
    spec = {
        **demo,
        "name": name,
        "output": f"runs/{name}",
        "dataset": {
            "type": "files",
            "documents": str(documents.resolve()),
            "questions": str(questions.resolve()),
        },
    }
    if base_url or model:
        spec["reader"] = reader_spec(model, base_url)
    if strategies:
        of_demo = {s["type"]: s for s in demo["strategies"]}
        spec["strategies"] = [of_demo.get(s, s) for s in strategies]
        if not set(strategies) >= ROUTED:
            spec["routers"] = []
    if retriever:
        spec["retriever"] = retriever
    return spec
