"""Our reader as ragas' language model, our embedder as its embeddings; imports ragas, so it is imported when used."""

from __future__ import annotations

from collections import Counter
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ragas.embeddings.base import BaseRagasEmbedding
from ragas.llms.base import InstructorBaseRagasLLM
from ragas.metrics import collections

from lcrag.errors import LcragError
from lcrag.judges.base import JudgeTools
from lcrag.readers.base import Message, Reader
from lcrag.strategies.pieces.prompts import first_json

Model = TypeVar("Model", bound=BaseModel)
AGAIN = "That is not the JSON that was asked for ({error}). Reply with one JSON object that fits the schema."
TRIES = 2


class UnreadableReply(Exception):
    """The judge did not reply in the JSON that ragas asked for, also when it was asked again."""


class JudgeLLM(InstructorBaseRagasLLM):  # type: ignore[misc]
    """A judge as ragas wants it: a prompt goes in, an instance of a pydantic model comes out.

    Where decoding is random, a prompt that is repeated gets another reply; the sample tells such requests apart.
    """

    is_async = True  # ragas' testset generator asks for it

    def __init__(self, tools: JudgeTools, judge: Reader | None, max_tokens: int, temperature: float) -> None:
        self.tools = tools
        self.judge = judge
        self.max_tokens = max_tokens
        self.temperature = temperature
        self.repeats: Counter[str] = Counter()

    async def agenerate(self, prompt: str, response_model: type[Model]) -> Model:
        """Ask, and once more where the reply does not fit.

        Raises:
            UnreadableReply: it does not fit the second time either.
            LcragError: the judge cannot be asked.
        """
        sample = self.repeats[prompt] if self.temperature > 0 else 0
        self.repeats[prompt] += 1
        messages = [Message("user", prompt)]
        error = ""
        for _ in range(TRIES):
            completion = await self.tools.ask(
                messages,
                judge=self.judge,
                max_tokens=self.max_tokens,
                begin=("{",),
                temperature=self.temperature,
                sample=sample,
            )
            try:
                return response_model.model_validate(first_json(completion.text))
            except ValidationError as invalid:
                first = invalid.errors()[0]
                error = " ".join([*map(str, first["loc"]), first["msg"]])
            again = Message("user", AGAIN.format(error=error))
            messages = [*messages, Message("assistant", completion.text), again]
        raise UnreadableReply(f"The judge did not write {response_model.__name__} in JSON: {error}")

    def generate(self, prompt: str, response_model: type[Model]) -> Model:
        """Ragas' metrics only await."""
        raise NotImplementedError("await agenerate")


class JudgeEmbeddings(BaseRagasEmbedding):  # type: ignore[misc]
    """The experiment's embedder as ragas wants it.

    Ragas compares questions with questions and answers with answers, so all texts are embedded alike: as queries, as
    models with instructions want it for symmetric comparisons (E5, arXiv 2212.03533).
    """

    is_async = True  # ragas' testset generator asks for it

    def __init__(self, tools: JudgeTools) -> None:
        super().__init__()
        self.tools = tools

    async def aembed_text(self, text: str, **kwargs: Any) -> list[float]:
        """One vector."""
        return (await self.aembed_texts([text]))[0]

    async def aembed_texts(self, texts: list[str], **kwargs: Any) -> list[list[float]]:
        """One vector per text, in one call of the embedder."""
        vectors: list[list[float]] = (await self.tools.embed(texts, "query")).tolist()
        return vectors

    def embed_text(self, text: str, **kwargs: Any) -> list[float]:
        """Ragas' metrics only await."""
        raise NotImplementedError("await aembed_text")


def metric_class(metric: str) -> Any:
    """The class of a metric: ``answer_relevancy`` is ``AnswerRelevancy``.

    Raises:
        LcragError: this version of ragas has no such class.
    """
    name = "".join(word.capitalize() for word in metric.split("_"))
    if not hasattr(collections, name):
        raise LcragError(f"This version of ragas has no {name}: pip install 'lcrag[ragas]'.")
    return getattr(collections, name)
