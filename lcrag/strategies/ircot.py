"""IRCoT: retrieval and chain of thought in turns."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.passages import answer_from, merged
from lcrag.strategies.pieces.prompts import Reasoning, chat, passages_block, question_block
from retrievers.base import Retriever
from retrievers.chunkers.sentence import sentences

NEXT = (
    "Write only the next sentence of a step-by-step argument that leads to the answer. "
    'When the argument is complete, write "So the answer is" and the answer.'
)
DONE = "answer is"


@dataclass(frozen=True)
class IRCoT(Strategy):
    """Interleaved retrieval and chain of thought (Trivedi et al. 2023, arXiv 2212.10509).

    Each thought is the next query; what it finds is added. It stops when a thought says what the answer is, when
    no thought comes, or after ``steps``; then all passages are read once more for the answer. ``notes``:
    ``thoughts``.

    Attributes:
        k: passages of a retrieval (Adaptive-RAG's code takes 6).
        steps: thoughts at most.
        most: passages at most, the first found stay (15 as published).
        sentence_tokens: tokens of a thought at most.
        reasoning: of the last call; the paper's readers think step by step.
        retriever: takes the place of the experiment's.
        max_tokens: tokens of the answer at most.
        allow_decline: offer to answer "unanswerable".
    """

    name: str = "ircot"
    k: int = 3
    steps: int = 4
    most: int = 15
    sentence_tokens: int = 48
    reasoning: Reasoning = "direct"
    retriever: Retriever | None = None
    max_tokens: int = 48
    allow_decline: bool = True
    card = Card(
        "IRCoT, arXiv 2212.10509",
        "2 to steps + 1",
        "Σ k·c·i",
        "one fact has to be known to look for the next",
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """As many calls as thoughts, and one more."""
        passages = await tools.retrieve(question.text, question, self.k, self.retriever)
        thoughts: list[str] = []
        for _ in range(self.steps):
            so_far = f"The argument so far: {' '.join(thoughts)}\n" if thoughts else ""
            content = passages_block(passages) + question_block(question) + "\n" + so_far + NEXT
            thought = _first_sentence((await tools.read(chat(content), max_tokens=self.sentence_tokens)).text)
            if not thought or thought in thoughts:
                break
            thoughts.append(thought)
            if DONE in thought.lower():
                break
            more = await tools.retrieve(thought, question, self.k, self.retriever)
            passages = merged(passages, more, most=self.most)
        answer = await answer_from(
            passages, question, tools, "score", self.max_tokens, self.allow_decline, self.reasoning
        )
        return replace(answer, notes={**answer.notes, "thoughts": len(thoughts)})


def _first_sentence(text: str) -> str:
    line = next((x.strip() for x in text.splitlines() if x.strip()), "")
    spans = sentences(line)
    return line[spans[0][0] : spans[0][1]].strip() if spans else line
