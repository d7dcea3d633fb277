"""What a provider sends back beside the text: why it ended, and token counts that must be possible."""

from __future__ import annotations

from typing import Any, Literal

from lcrag.errors import LcragError

CUT = {"length", "max_tokens", "max_output_tokens", "model_length"}
NO_ANSWER = {
    "content_filter": "a content filter",
    "content_filtered": "a content filter",
    "guardrail_intervened": "a content filter",
    "safety": "a content filter",
    "blocklist": "a content filter",
    "prohibited_content": "a content filter",
    "recitation": "a content filter",
    "spii": "a content filter",
    "refusal": "a refusal",
    "tool_calls": "a call of a tool",
    "tool_use": "a call of a tool",
    "function_call": "a call of a tool",
    "malformed_function_call": "a call of a tool",
    "abort": "an error of the server",
    "error": "an error of the server",
}  # as OpenAI, Anthropic, Google, AWS, Mistral and vLLM name them


def finish_reason(given: Any, who: str) -> Literal["stop", "length"]:
    """Why a text ended: by itself, or at ``max_tokens``.

    Args:
        given: The provider's reason.
        who: The provider, for the message.

    Raises:
        LcragError: the text ended before it was an answer.
    """
    reason = str(given or "stop").lower()
    if reason in NO_ANSWER:
        raise LcragError(f"{who} gave no answer: it ended in {NO_ANSWER[reason]} (finish_reason {reason}).")
    return "length" if reason in CUT else "stop"


def check_counts(prompt: Any, cached: Any, completion: Any, who: str) -> None:
    """Refuse token counts that cannot be: they would be booked as costs.

    Raises:
        LcragError: a count is not a whole number or is too small, or more is cached than the prompt has.
    """
    counts = {
        "prompt_tokens": (prompt, 1),
        "cached_tokens": (cached, 0),
        "completion_tokens": (completion, 0),
    }
    for name, (count, minimum) in counts.items():
        if not isinstance(count, int) or isinstance(count, bool) or count < minimum:
            raise LcragError(
                f"{who} reports {name} {count!r}, which cannot be: the answer's cost is not known."
            )
    if cached > prompt:
        raise LcragError(
            f"{who} reports cached_tokens {cached} of prompt_tokens {prompt}, which cannot be: the answer's cost is "
            "not known."
        )
