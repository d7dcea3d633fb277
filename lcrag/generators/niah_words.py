"""RULER's questions for needles, in its own words (Apache-2.0)."""

from __future__ import annotations

from collections.abc import Sequence

from lcrag.generators.words import ValueKind
from lcrag.schema import Task

TEMPLATE = (
    "Some special magic {kind} are hidden within the following text. Make sure to memorize it. I will quiz you about "
    "the {kind} afterwards.\n{{context}}\nWhat are all the special magic {kind} for {query} mentioned in the provided "
    "text? The special magic {kind} for {query} mentioned in the provided text are"
)


def niah_question(name: str, kind: ValueKind, keys: Sequence[str], values: int) -> tuple[str, Task]:
    """RULER's question for the values of these keys, and its task.

    Args:
        name: The task's name.
        kind: The kind of the values.
        keys: The keys that are asked for.
        values: Values of each key.
    """
    query = f"{', '.join(keys[:-1])}, and {keys[-1]}" if len(keys) > 1 else keys[0]
    template, noun = TEMPLATE, str(kind)
    if len(keys) * values == 1:  # RULER's own way to the singular
        template = template.replace("Some", "A").replace("are all", "is").replace("are", "is")
        noun = noun[:-1]
    template = template.format(kind=noun, query=query)
    before, _, question = template.partition("{context}\n")
    text, mark, prefix = question.partition("?")
    return text + mark, Task(
        name,
        instruction=f"Write the special magic {noun} and nothing else.",
        max_tokens=128,
        template=f"{before}{{context}}\n{{question}}{prefix}",
        cleaning=("control_characters",),
        metric="string_match_all",
        average=("task",),
    )
