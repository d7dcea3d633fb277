"""Classes of the models in published tables."""

from __future__ import annotations

CLASSES = {
    "proprietary": (
        "claude-3-5-haiku-20241022",
        "claude-3-5-sonnet-20241022",
        "gemini-1.5-pro",
        "gpt-4o",
        "gpt-4o-mini",
    ),
    "open from 70B": ("llama-3.3-70b", "llama-3.3-70b-turbo", "qwen2.5-72b-instruct"),
    "open up to 12B": ("llama-3.1-8b", "llama-3.2-3b", "mistral-nemo", "qwen2.5-7b-instruct"),
}
_CLASS_OF = {model: name for name, models in CLASSES.items() for model in models}


def model_class(model: str) -> str:
    """Whether the weights are published, and how large the model is; of a model that is not in LaRA, its name."""
    return _CLASS_OF.get(model, model)
