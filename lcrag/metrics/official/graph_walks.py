"""Which nodes of a graph the answer lists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from lcrag.schema import Answer, Question

_FINAL = re.compile(r"Final Answer: ?\[(.*)\]")


@dataclass(frozen=True)
class GraphWalks:
    """F1 of the nodes in the last line, ``Final Answer: [...]`` (graph walks, OpenAI 2025).

    Attributes:
        variant: ``official``: the form must stand in the last line. ``fixed``: the last line that has it counts.
    """

    name: str = "graph_walks"
    variant: Literal["official", "fixed"] = "official"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 where there are gold nodes; 0 without the form."""
        if not question.answers:
            return None
        lines = answer.text.strip().split("\n")
        match = next(
            filter(None, map(_FINAL.search, lines[-1:] if self.variant == "official" else lines[::-1])), None
        )
        listed = {node.strip() for node in match[1].split(",")} - {""} if match else set()
        gold = set(question.answers)
        return 2 * len(listed & gold) / (len(listed) + len(gold))
