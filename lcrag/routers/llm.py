"""The language model chooses, from what is known before anything is retrieved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from embedders.tokens import estimate_tokens
from lcrag.routers.base import Decision, check_candidate
from lcrag.schema import Document, Question
from lcrag.strategies.base import Strategy, Toolbox
from lcrag.strategies.pieces.prompts import Reasoning, chat

SYSTEM = "You decide how a question about documents is answered best, without answering it."
DIRECT = "Which way is the cheapest that answers this question well? Write its name and nothing else."
MARK = "Decision:"
STEPS = f"""Which way is the cheapest that answers this question well? Consider in turn, a sentence each:
1. Task: what kind of question is it (a fact, several facts, a comparison, a count, a summary)?
2. Document: what do its kind, its length and its beginning say about where the answer may be?
3. Need: how much of the text does the answer need, a few places or most of it?
4. Coverage: would a search with the words of the question find these places?
5. Model: does the text fit into what the model reads at once, and with room to spare?
6. Cost: how many more tokens than the cheapest way would the better one take?
Rules: take a way that reads a few retrieved passages, unless steps 3 and 4 show that it would miss the answer. A long \
text alone is no reason to read all of it. In doubt take the cheaper way.
Then write, on a line of its own, "{MARK}" and the name of the way."""


@dataclass(frozen=True)
class LLMRouter:
    """Ask the reader which strategy to take, from metadata alone (Pre-Route, Chen et al. 2026, arXiv 2605.10235).

    It sees names, lengths and beginnings of the documents, their ``title`` and ``type`` if their metadata has them, the
    reader's name and window, and when each strategy is of use. It reasons in six steps under rules that prefer
    retrieval, then decides. The call is booked under ``route``. It asks a model, so it is not replayed but run:
    ``Routed(LLMRouter(), strategies)``.

    Attributes:
        otherwise: the strategy for a reply that names none; empty for the first candidate.
        opening: how many characters of each document's beginning the prompt shows.
        reasoning: ``think`` for the six steps; ``direct`` asks for the name alone.
        max_tokens: maximum tokens of the six steps.

    Differs from the paper: steps and rules in our own words, for any strategies, not two; the task is not told, as
    LaRA's kind of a question says whether it can be answered.
    """

    otherwise: str = ""
    opening: int = 200
    reasoning: Reasoning = "think"
    max_tokens: int = 400
    name: str = "llm_router"

    async def route(self, question: Question, candidates: Mapping[str, Strategy], tools: Toolbox) -> Decision:
        """One call."""
        thinks = self.reasoning == "think"
        reply = await tools.read(
            chat(self._prompt(question, candidates, tools), SYSTEM),
            max_tokens=self.max_tokens if thinks else 24,
            begin=() if thinks else tuple(candidates),
            role="route",
        )
        _, mark, after = reply.text.rpartition(MARK)
        decision = after if mark or not thinks else ""  # a name among the thoughts is not a decision
        # The name that comes first; of names that begin alike the longest.
        names = [(at, -len(n), n) for n in candidates if (at := decision.find(n)) >= 0]
        if names:
            return Decision(min(names)[2], "named by the model")
        fallback = self.otherwise or next(iter(candidates))
        return Decision(check_candidate(fallback, candidates, self.name), "the model named no strategy")

    def _prompt(self, question: Question, candidates: Mapping[str, Strategy], tools: Toolbox) -> str:
        documents = "".join(f"- {self._described(d)}\n" for d in tools.documents(question))
        strategies = "".join(f"- {name}: {_card(strategy)}\n" for name, strategy in candidates.items())
        return (
            f"Documents:\n{documents}\nThe model that answers, {tools.reader_name}, reads {tools.context_window} "
            f"tokens at once.\n\nWays to answer:\n{strategies}\nQuestion: {question.text}\n"
            f"{STEPS if self.reasoning == 'think' else DIRECT}"
        )

    def _described(self, document: Document) -> str:
        labels = [f"{k} {document.metadata[k]}" for k in ("title", "type") if document.metadata.get(k)]
        about = ", ".join([*labels, f"about {estimate_tokens(len(document.text))} tokens"])
        return f"{document.id}: {about}, begins: {' '.join(document.text[: self.opening].split())}"


def _card(strategy: Strategy) -> str:
    card = strategy.card
    return f"when {card.use} (prompt tokens: {card.tokens or 'few'})" if card else "(not described)"
