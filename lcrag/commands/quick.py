"""``lcrag run`` without a YAML file: the demo's experiment on one's own documents, changed by options."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lcrag.errors import LcragError

ROUTED = {"chunked_retrieval", "long_context"}  # what the demo's routers choose among
WINDOW_KEYS = {"openai": "max_model_len", "vllm": "max_model_len", "langchain": "context_window"}


def own_documents(
    demo: dict[str, Any],
    documents: Path,
    questions: Path,
    model: str = "",
    base_url: str = "",
    strategies: Sequence[str] = (),
    retriever: str = "",
) -> dict[str, Any]:
    """The demo's experiment with other documents and questions, and what else is given, as it would stand in YAML.

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
    if base_url:
        spec["reader"] = {"type": "openai", "model": model or "default", "base_url": base_url}
    elif model:
        spec["reader"] = reader_of(model)
    if strategies:
        of_demo = {s["type"]: s for s in demo["strategies"]}
        spec["strategies"] = [of_demo.get(s, s) for s in strategies]
        if not set(strategies) >= ROUTED:
            spec["routers"] = []
    if retriever:
        spec["retriever"] = retriever
    return spec


def reader_of(model: str) -> dict[str, str]:
    """The reader of ``--model`` as it would stand in YAML: a hosted ``provider:model``, else a model in this process.

    OpenAI's models have OpenAI's own client, which knows its cache and its retries; others have LangChain's.
    """
    from lcrag.readers.langchain_models import provider_of

    if not (provider := provider_of(model)):
        return {"type": "transformers", "model": model}
    if provider == "openai":
        return {"type": "openai", "model": model.partition(":")[2]}
    return {"type": "langchain", "model": model}


def with_window(spec: Any, context_window: int | None) -> Any:
    """The experiment with another context window of its reader.

    Raises:
        LcragError: the reader's window is not a matter of settings.
    """
    if context_window is None or not isinstance(spec, dict):
        return spec
    reader = spec.get("reader", "transformers")
    reader = reader if isinstance(reader, dict) else {"type": reader}
    key = WINDOW_KEYS.get(str(reader.get("type")))
    if key is None:
        raise LcragError(
            f"--context-window is for a model on a server; the reader `{reader.get('type')}` knows its own."
        )
    return {**spec, "reader": {**reader, key: context_window}}
