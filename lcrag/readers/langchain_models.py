"""LangChain chat models by name, such as ``anthropic:claude-sonnet-4-5``: package, key, window, settings of a call."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lcrag.errors import ReaderUnavailable
from lcrag.redaction import redact, secrets_in

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

KEYS = {
    "anthropic": ("ANTHROPIC_API_KEY",),
    "azure_openai": ("AZURE_OPENAI_API_KEY",),
    "cohere": ("COHERE_API_KEY",),
    "deepseek": ("DEEPSEEK_API_KEY",),
    "fireworks": ("FIREWORKS_API_KEY",),
    "google_genai": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
    "groq": ("GROQ_API_KEY",),
    "mistralai": ("MISTRAL_API_KEY",),
    "nvidia": ("NVIDIA_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "openrouter": ("OPENROUTER_API_KEY",),
    "perplexity": ("PPLX_API_KEY", "PERPLEXITY_API_KEY"),
    "together": ("TOGETHER_API_KEY",),
    "upstage": ("UPSTAGE_API_KEY",),
    "xai": ("XAI_API_KEY",),
}  # environment variables of providers that need a key; any one of them is enough

PRICED_AS = {
    "azure_openai": "azure",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "google_genai": "google",
    "google_vertexai": "google",
    "mistralai": "mistral",
    "xai": "x-ai",
}  # providers that genai-prices calls by another name

# What models call the settings of a request. As a field of the model they hold for every provider; as an argument of
# one call some providers ignore them.
FIELDS = {
    "max_tokens": ("max_tokens", "max_output_tokens", "num_predict"),
    "temperature": ("temperature",),
    "seed": ("seed",),
}


def provider_of(model: str) -> str:
    """The provider in ``provider:model``; empty where there is none, as in a path on the drive ``C:``."""
    provider, colon, name = model.partition(":")
    return provider if colon and name and len(provider) > 1 and provider.isidentifier() else ""


def price_name(model: str) -> str:
    """The name under which a model's price is published; ``provider:model`` if that price is another provider's."""
    provider, _, name = model.partition(":")
    entry = _published(name, None)
    return name if entry is None or entry.provider.id == PRICED_AS.get(provider, provider) else model


def published_window(model: str) -> int | None:
    """The context window of ``provider:model``; ``None`` where it is not published with the prices."""
    provider, _, name = model.partition(":")
    entry = _published(name, PRICED_AS.get(provider, provider))
    return entry.model.context_window if entry else None


def _published(name: str, provider: str | None) -> Any:
    from genai_prices import Usage, calc_price

    try:
        return calc_price(Usage(input_tokens=1), model_ref=name, provider_id=provider)
    except LookupError:
        return None


def check_key(model: str, options: Mapping[str, Any]) -> None:
    """Refuse a provider without its key.

    Raises:
        ReaderUnavailable: neither the environment nor ``options`` hold the key.
    """
    variables = KEYS.get(provider_of(model), ())
    given = any(os.environ.get(v) for v in variables) or secrets_in(options)
    if variables and not given:
        raise ReaderUnavailable(f"{model} needs a key: set the environment variable {variables[0]}.")


def chat_model(model: str, options: Mapping[str, Any]) -> BaseChatModel:
    """The LangChain chat model of ``provider:model``.

    Args:
        model: Provider and name, as LangChain's ``init_chat_model`` takes them.
        options: More arguments of the provider's class, such as ``{"base_url": ..., "max_retries": 6}``.

    Raises:
        ReaderUnavailable: a package or the key is missing, or LangChain refuses the name or an option.
    """
    try:
        from langchain.chat_models import init_chat_model
    except ImportError as error:
        raise ReaderUnavailable(
            f"{model} needs `{error.name or 'langchain'}`: pip install 'lcrag[hosted]'"
        ) from error
    check_key(model, options)
    provider, _, name = model.partition(":")
    try:
        built: BaseChatModel = init_chat_model(name, model_provider=provider, **options)
    except ImportError as error:
        cause = error.__cause__
        package = getattr(cause, "name", None) or error.name or f"langchain_{provider}"
        install = package.partition(".")[0].replace("_", "-")
        raise ReaderUnavailable(f"{model} needs the package {install}: pip install {install}") from error
    except Exception as error:  # each provider's class raises its own
        told = " ".join(redact(str(error), secrets_in(options)).split())[:300]
        raise ReaderUnavailable(f"LangChain cannot use {model} ({type(error).__name__}: {told}).") from error
    return built


def with_settings(model: BaseChatModel, settings: Mapping[str, Any]) -> tuple[BaseChatModel, dict[str, Any]]:
    """The model with the settings that are fields of its class, and the others, which go with the call."""
    known = type(model).model_fields
    update, rest = {}, {}
    for key, value in settings.items():
        field = next((name for name in FIELDS[key] if name in known), None)
        if field is None:
            rest[key] = value
        else:
            update[field] = value
    return (model.model_copy(update=update) if update else model), rest
