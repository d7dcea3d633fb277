"""IRCoT: retrieval and chain of thought in turns."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from lcrag.components.settings import ADDED
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Scope, Strategy, Toolbox
from lcrag.strategies.pieces.demonstrations import (
    demonstrations_with_evidence,
    evidence_text,
    examples_block,
    gold,
    with_evidence,
)
from lcrag.strategies.pieces.passages import answer_from, merge
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
    """Retrieve and reason in turns: each thought is the next query (IRCoT, Trivedi et al. 2023, arXiv 2212.10509).

    The passages of each retrieval are added to the prompt. The loop ends when a thought states the answer, when a
    thought is empty or repeated, or after ``max_thoughts``; then a last call answers from all passages. ``notes``:
    ``thoughts``, ``demonstrations``. A demonstration has the passages that its question retrieves, with the gold
    evidence; its argument is the evidence, then "So the answer is ...".

    Attributes:
        demonstrations: how many of the dataset's demonstrations, of those with evidence, every call shows at most; each
            adds k passages to every prompt.
        k: passages per retrieval (6 in Adaptive-RAG's code).
        max_thoughts: maximum thoughts.
        max_passages: maximum passages; the earliest are kept (15 as published).
        sentence_tokens: maximum tokens of a thought.
        reasoning: how the last call answers; the paper's readers think step by step.
        retriever: replaces the experiment's retriever.
        scope: ``corpus`` searches all documents of the dataset in one index, not the question's own alone.
        max_tokens: maximum tokens of the answer.
        allow_decline: tell the reader that it may answer "unanswerable".

    Differs from the paper: arguments of demonstrations are the gold evidence, not written by hand, and none is shown by
    default; passages are in the order of their retrieval, not at random.
    """

    name: str = "ircot"
    demonstrations: int = 0
    k: int = 3
    max_thoughts: int = 4
    max_passages: int = 15
    sentence_tokens: int = 48
    reasoning: Reasoning = "direct"
    retriever: Retriever | None = None
    max_tokens: int = 48
    allow_decline: bool = True
    scope: Scope = field(default="question", metadata=ADDED)
    card = Card(
        "IRCoT, arXiv 2212.10509",
        "2 to max_thoughts + 1",
        "Σ k·c·i, and demonstrations·k·c each",
        "one must know one fact to search for the next",
        case=(
            "GPT-3 on HotpotQA, 2WikiMultihopQA, MuSiQue, IIRC: up to +15 points over one retrieval "
            "(abstract); against long context: not measured"
        ),
    )

    def __post_init__(self) -> None:
        if self.demonstrations < 0:
            raise ValueError(f"demonstrations = {self.demonstrations}: give 0 for none, or more.")

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One call per thought and one for the answer."""
        solved = [
            (d, with_evidence(await tools.retrieve(d.text, d, self.k, self.retriever, self.scope), d))
            for d in demonstrations_with_evidence(question, self.demonstrations, tools)
        ]
        argued = examples_block(
            f"{passages_block(p)}{question_block(d)}\nThe argument: {evidence_text(d)} So the answer is {gold(d)}."
            for d, p in solved
        )
        passages = await tools.retrieve(question.text, question, self.k, self.retriever, self.scope)
        thoughts: list[str] = []
        for _ in range(self.max_thoughts):
            so_far = f"The argument so far: {' '.join(thoughts)}\n" if thoughts else ""
            content = argued + passages_block(passages) + question_block(question) + "\n" + so_far + NEXT
            thought = _first_sentence((await tools.read(chat(content), max_tokens=self.sentence_tokens)).text)
            if not thought or thought in thoughts:
                break
            thoughts.append(thought)
            if DONE in thought.lower():
                break
            more = await tools.retrieve(thought, question, self.k, self.retriever, self.scope)
            passages = merge(passages, more, max_passages=self.max_passages)
        answered = examples_block(
            f"{passages_block(p)}{question_block(d)}\n{self._steps(d)}Answer: {gold(d)}" for d, p in solved
        )
        answer = await answer_from(
            passages,
            question,
            tools,
            "score",
            self.max_tokens,
            self.allow_decline,
            self.reasoning,
            demonstrations=answered,
        )
        notes = {"thoughts": len(thoughts), "demonstrations": len(solved)}
        return replace(answer, notes={**answer.notes, **notes})

    def _steps(self, demonstration: Question) -> str:
        """What a demonstration shows before its answer."""
        return f"{evidence_text(demonstration)}\n" if self.reasoning == "think" else ""


def _first_sentence(text: str) -> str:
    line = next((x.strip() for x in text.splitlines() if x.strip()), "")
    spans = sentences(line)
    return line[spans[0][0] : spans[0][1]].strip() if spans else line
