"""The language model chooses, from what is known before anything is retrieved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from embedders.tokens import estimate_tokens
from lcrag.routers.base import Decision, check_candidate
from lcrag.schema import Question
from lcrag.strategies.base import Strategy, Toolbox
from lcrag.strategies.pieces.prompts import chat

SYSTEM = "You decide how a question about documents is answered best, without answering it."


@dataclass(frozen=True)
class LLMRouter:
    """Ask the reader which strategy to take, by metadata alone: names and lengths of documents, window, strategies.

    Routing by a prompt before anything is retrieved; the call is booked under ``route``. It asks a model, so it is
    not replayed but run: ``Routed(LLMRouter(), strategies)``.

    Attributes:
        otherwise: the strategy for a reply that names none; empty for the first candidate.
        opening: how many characters of each document's beginning the prompt shows.
    """

    otherwise: str = ""
    opening: int = 200
    name: str = "llm_router"

    async def route(self, question: Question, candidates: Mapping[str, Strategy], tools: Toolbox) -> Decision:
        """One call."""
        reply = await tools.read(
            chat(self._prompt(question, candidates, tools), SYSTEM),
            max_tokens=24,
            begin=tuple(candidates),
            role="route",
        )
        # The name that comes first; of names that begin alike the longest.
        names = [(at, -len(n), n) for n in candidates if (at := reply.text.find(n)) >= 0]
        if names:
            return Decision(min(names)[2], "named by the model")
        fallback = self.otherwise or next(iter(candidates))
        return Decision(check_candidate(fallback, candidates, self.name), "the model named no strategy")

    def _prompt(self, question: Question, candidates: Mapping[str, Strategy], tools: Toolbox) -> str:
        documents = "".join(
            f"- {d.id}: about {estimate_tokens(len(d.text))} tokens, begins: "
            f"{' '.join(d.text[: self.opening].split())}\n"
            for d in tools.documents(question)
        )
        strategies = "".join(f"- {name}: {_card(strategy)}\n" for name, strategy in candidates.items())
        return (
            f"Documents:\n{documents}\nThe model that answers reads {tools.context_window} tokens at once.\n\n"
            f"Ways to answer:\n{strategies}\nQuestion: {question.text}\n"
            "Which way is the cheapest that answers this question well? Write its name and nothing else."
        )


def _card(strategy: Strategy) -> str:
    card = strategy.card
    return f"when {card.use} (prompt tokens: {card.tokens or 'few'})" if card else "(not described)"
