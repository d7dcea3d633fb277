"""Components by the names they have in YAML; nothing is imported before it is asked for."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from lcrag.errors import LcragError, did_you_mean

COMPONENTS: dict[str, dict[str, str]] = {
    "dataset": {
        "pydoc": "lcrag.datasets.pydoc:load_pydoc",
        "synthetic": "lcrag.datasets.synthetic:generate",
        "multi_hop": "lcrag.datasets.multi_hop:generate_multi_hop",
        "files": "lcrag.datasets.files:load_files",
    },
    "reader": {
        "transformers": "lcrag.readers.transformers:TransformersReader",
        "openai": "lcrag.readers.openai:OpenAIReader",
        "vllm": "lcrag.readers.vllm:VLLMReader",
    },
    "embedder": {
        "sentence_transformer": "embedders.sentence_transformer:SentenceTransformerEmbedder",
        "openai": "embedders.openai:OpenAIEmbedder",
        "multi_vector": "embedders.multi_vector:MultiVectorEmbedder",
        "m2_bert": "embedders.m2_bert:M2BertEmbedder",
    },
    "chunker": {
        "recursive": "retrievers.chunkers:RecursiveChunker",
        "sentence": "retrievers.chunkers:SentenceChunker",
        "token": "retrievers.chunkers:TokenChunker",
        "semantic": "retrievers.chunkers:SemanticChunker",
        "longrag_units": "retrievers.chunkers:longrag_units",
    },
    "retriever": {
        "bm25": "retrievers.bm25:BM25Retriever",
        "dense": "retrievers.dense:DenseRetriever",
        "hybrid": "retrievers.hybrid:HybridRetriever",
        "lara_hybrid": "retrievers.hybrid:lara_hybrid",
        "lara_reranked": "retrievers.rerank:lara_reranked",
        "mmr": "retrievers.mmr:MMRRetriever",
        "late_chunk": "retrievers.late_chunk:LateChunkRetriever",
        "multi_vector": "retrievers.multi_vector:MultiVectorRetriever",
        "reranker": "retrievers.rerank:Reranker",
        "parent": "retrievers.context:ParentRetriever",
        "sentence_window": "retrievers.context:SentenceWindowRetriever",
    },
    "strategy": {
        "closed_book": "lcrag.strategies.closed_book:ClosedBook",
        "long_context": "lcrag.strategies.long_context:LongContext",
        "cited_long_context": "lcrag.strategies.cited:CitedLongContext",
        "compressed_context": "lcrag.strategies.compressed:CompressedContext",
        "chunked_retrieval": "lcrag.strategies.chunked_retrieval:ChunkedRetrieval",
        "long_rag": "lcrag.strategies.long_rag:LongRAG",
        "hyde": "lcrag.strategies.hyde:HyDE",
        "multi_query": "lcrag.strategies.multi_query:MultiQuery",
        "ircot": "lcrag.strategies.ircot:IRCoT",
        "corrective": "lcrag.strategies.corrective:CorrectiveRetrieval",
        "drag": "lcrag.strategies.drag:DRAG",
        "iter_drag": "lcrag.strategies.iter_drag:IterDRAG",
        "retrieve_then_reason": "lcrag.strategies.retrieve_then_reason:RetrieveThenReason",
        "memory": "lcrag.strategies.memory:MemoryReading",
        "gist_memory": "lcrag.strategies.gist_memory:GistMemory",
        "clue_memory": "lcrag.strategies.clue_memory:ClueMemory",
        "summary_tree": "lcrag.strategies.summary_tree:SummaryTree",
        "evolving_memory": "lcrag.strategies.evolving_memory:EvolvingMemory",
        "local_memory": "lcrag.strategies.local_memory:LocalMemory",
        "map_reduce": "lcrag.strategies.map_reduce:MapReduce",
        "refine": "lcrag.strategies.refine:Refine",
        "chain_of_agents": "lcrag.strategies.chain_of_agents:ChainOfAgents",
        "agent_write": "lcrag.strategies.agent_write:AgentWrite",
        "self_route": "lcrag.strategies.cascade:SelfRoute",
        "cascade": "lcrag.strategies.cascade:Cascade",
        "ensemble": "lcrag.strategies.ensemble:Ensemble",
        "routed": "lcrag.routers.routed:Routed",
    },
    "acceptor": {
        "answered": "lcrag.strategies.pieces.acceptors:Answered",
        "supported": "lcrag.strategies.pieces.acceptors:Supported",
        "self_rating": "lcrag.strategies.pieces.acceptors:SelfRating",
    },
    "compressor": {
        "extractive": "lcrag.strategies.pieces.compressors:Extractive",
        "llmlingua": "lcrag.strategies.pieces.compressors:LLMLingua",
    },
    "router": {
        "fixed": "lcrag.routers.fixed:FixedRouter",
        "random": "lcrag.routers.random:RandomRouter",
        "lara_rule": "lcrag.routers.lara_rule:LaRARule",
        "lara_prior": "lcrag.routers.lara_prior:LaRAPrior",
        "feature": "lcrag.routers.feature:FeatureRouter",
        "quality": "lcrag.routers.quality:QualityRouter",
        "knn": "lcrag.routers.knn:KNNRouter",
        "tfidf": "lcrag.routers.tfidf:TfidfRouter",
        "adaptive_rag": "lcrag.routers.adaptive_rag:AdaptiveRAGRouter",
        "probe": "lcrag.routers.probe:ProbeRouter",
        "cascade": "lcrag.routers.cascade:CascadeRouter",
        "linucb": "lcrag.routers.linucb:LinUCBRouter",
        "thompson": "lcrag.routers.thompson:ThompsonRouter",
        "budget": "lcrag.routers.budget:BudgetRouter",
        "llm": "lcrag.routers.llm:LLMRouter",
        "file": "lcrag.routers.files:load_router",
    },
}
NESTED = {
    "chunker": "chunker",
    "parents": "chunker",
    "embedder": "embedder",
    "retriever": "retriever",
    "router": "router",
    "predictor": "router",
    "strategies": "strategy",
    "accept": "acceptor",
    "compressor": "compressor",
}


def check_keys(given: Mapping[str, Any], known: list[str], where: str) -> None:
    """Refuse unknown keys.

    Raises:
        LcragError: names the key, where it stands and the nearest known one.
    """
    for key in given:
        if key not in known:
            raise LcragError(f"{where}: unknown key {key!r}; {did_you_mean(str(key), known)}")


def build(kind: str, spec: Any, where: str, given: Mapping[str, Any] | None = None) -> Any:
    """Make a component from YAML: ``name`` or ``{type: name, key: value, ...}``.

    Args:
        kind: a key of ``COMPONENTS``.
        spec: what stands in the YAML.
        where: its place, for messages (``demo.yaml: strategies[2]``).
        given: values for parameters that the YAML leaves out, such as the shared embedder.

    Raises:
        LcragError: unknown type or key, a missing key, or a value of the wrong kind.
    """
    spec = {"type": spec} if isinstance(spec, str) else spec
    known = COMPONENTS[kind]
    if not isinstance(spec, Mapping) or not isinstance(spec.get("type"), str):
        raise LcragError(
            f"{where}: give a {kind} as its name or as a mapping with `type`, one of {', '.join(known)}."
        )
    name = spec["type"]
    if name not in known:
        raise LcragError(f"{where}: unknown {kind} {name!r}; {did_you_mean(name, list(known))}")
    module, attribute = known[name].split(":")
    target = getattr(import_module(module), attribute)
    parameters = {k: p for k, p in inspect.signature(target).parameters.items() if k[0] != "_"}
    where = f"{where} ({name})"
    check_keys({k: v for k, v in spec.items() if k != "type"}, list(parameters), where)
    hints = _hints(target)
    values = {k: v for k, v in (given or {}).items() if k in parameters}
    for key, value in spec.items():
        if key in NESTED:
            values[key] = _nested(NESTED[key], value, f"{where}.{key}", given)
        elif key != "type":
            values[key] = _checked(value, hints.get(key, Any), f"{where}.{key}")
    for key, parameter in parameters.items():
        if parameter.default is inspect.Parameter.empty and key not in values:
            raise LcragError(f"{where}: the key {key!r} is missing.")
    try:
        return target(**values)
    except ValueError as error:
        raise LcragError(f"{where}: {error}") from error


def _hints(target: Any) -> dict[str, Any]:
    """Types of the parameters; a dataclass's are written in the terms of the modules of its bases."""
    if inspect.isfunction(target):
        return get_type_hints(target)
    names: dict[str, Any] = {}
    for base in reversed(target.__mro__):
        names |= vars(sys.modules[base.__module__])
    return get_type_hints(target.__init__, names)


def _nested(kind: str, value: Any, where: str, given: Mapping[str, Any] | None) -> Any:
    if isinstance(value, list):
        return tuple(build(kind, item, f"{where}[{i}]", given) for i, item in enumerate(value))
    return build(kind, value, where, given)


def _checked(value: Any, hint: Any, where: str) -> Any:
    try:
        return TypeAdapter(hint).validate_python(value)
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ").rstrip(".")
        raise LcragError(f"{where}: {value!r} does not fit: {said}.") from error
