"""lcrag: RAG versus long context, measured: accuracy, cost and a router learned from both.

Everything below is imported when it is first used; ``import lcrag`` itself loads no model library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lcrag.version import __version__

_HOMES = {
    "lcrag.serving": ["Application"],
    "lcrag.schema": ["Answer", "Document", "Ledger", "Outcome", "Passage", "Question", "Span", "Usage"],
    "lcrag.memory": ["MemoryStore"],
    "lcrag.budget": ["Budget", "Limits"],
    "lcrag.errors": ["LcragError", "ReaderUnavailable"],
    "lcrag.datasets": ["Dataset", "load_files", "load_pydoc", "generate"],
    "lcrag.readers": [
        "LangChainReader",
        "OpenAIReader",
        "RopeExtension",
        "ScriptedReader",
        "TransformersReader",
        "VLLMReader",
    ],
    "lcrag.strategies": [
        "AgentWrite",
        "Cascade",
        "ChainOfAgents",
        "ChunkedRetrieval",
        "CitedLongContext",
        "ClosedBook",
        "ClueMemory",
        "CompressedContext",
        "CorrectiveRetrieval",
        "DRAG",
        "Ensemble",
        "EvolvingMemory",
        "GistMemory",
        "HyDE",
        "IRCoT",
        "IterDRAG",
        "LocalMemory",
        "LongContext",
        "LongRAG",
        "MapReduce",
        "MemoryReading",
        "MultiQuery",
        "Refine",
        "RetrieveThenReason",
        "SelfRoute",
        "SummaryTree",
    ],
    "lcrag.routers": [
        "AdaptiveRAGRouter",
        "BudgetRouter",
        "CascadeRouter",
        "FeatureRouter",
        "FixedRouter",
        "KNNRouter",
        "LLMRouter",
        "LaRAPrior",
        "LaRARule",
        "LinUCBRouter",
        "ProbeRouter",
        "QualityRouter",
        "RandomRouter",
        "Routed",
        "TfidfRouter",
        "ThompsonRouter",
        "load_router",
        "save_router",
    ],
    "lcrag.outcomes": ["load_outcomes", "save_outcomes", "without_defects"],
    "lcrag.replay": ["evaluate", "examples_of"],
    "lcrag.experiment": ["Experiment", "Results", "load_experiment"],
    "lcrag.analysis": ["compare"],
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["__version__", *sorted(_HOME_OF)]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'lcrag' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return __all__


if TYPE_CHECKING:
    from lcrag.analysis import compare as compare
    from lcrag.budget import Budget as Budget
    from lcrag.budget import Limits as Limits
    from lcrag.datasets import Dataset as Dataset
    from lcrag.datasets import generate as generate
    from lcrag.datasets import load_files as load_files
    from lcrag.datasets import load_pydoc as load_pydoc
    from lcrag.errors import LcragError as LcragError
    from lcrag.errors import ReaderUnavailable as ReaderUnavailable
    from lcrag.experiment import Experiment as Experiment
    from lcrag.experiment import Results as Results
    from lcrag.experiment import load_experiment as load_experiment
    from lcrag.memory import MemoryStore as MemoryStore
    from lcrag.outcomes import load_outcomes as load_outcomes
    from lcrag.outcomes import save_outcomes as save_outcomes
    from lcrag.outcomes import without_defects as without_defects
    from lcrag.readers import LangChainReader as LangChainReader
    from lcrag.readers import OpenAIReader as OpenAIReader
    from lcrag.readers import RopeExtension as RopeExtension
    from lcrag.readers import ScriptedReader as ScriptedReader
    from lcrag.readers import TransformersReader as TransformersReader
    from lcrag.readers import VLLMReader as VLLMReader
    from lcrag.replay import evaluate as evaluate
    from lcrag.replay import examples_of as examples_of
    from lcrag.routers import AdaptiveRAGRouter as AdaptiveRAGRouter
    from lcrag.routers import BudgetRouter as BudgetRouter
    from lcrag.routers import CascadeRouter as CascadeRouter
    from lcrag.routers import FeatureRouter as FeatureRouter
    from lcrag.routers import FixedRouter as FixedRouter
    from lcrag.routers import KNNRouter as KNNRouter
    from lcrag.routers import LaRAPrior as LaRAPrior
    from lcrag.routers import LaRARule as LaRARule
    from lcrag.routers import LinUCBRouter as LinUCBRouter
    from lcrag.routers import LLMRouter as LLMRouter
    from lcrag.routers import ProbeRouter as ProbeRouter
    from lcrag.routers import QualityRouter as QualityRouter
    from lcrag.routers import RandomRouter as RandomRouter
    from lcrag.routers import Routed as Routed
    from lcrag.routers import TfidfRouter as TfidfRouter
    from lcrag.routers import ThompsonRouter as ThompsonRouter
    from lcrag.routers import load_router as load_router
    from lcrag.routers import save_router as save_router
    from lcrag.schema import Answer as Answer
    from lcrag.schema import Document as Document
    from lcrag.schema import Ledger as Ledger
    from lcrag.schema import Outcome as Outcome
    from lcrag.schema import Passage as Passage
    from lcrag.schema import Question as Question
    from lcrag.schema import Span as Span
    from lcrag.schema import Usage as Usage
    from lcrag.serving import Application as Application
    from lcrag.strategies import DRAG as DRAG
    from lcrag.strategies import AgentWrite as AgentWrite
    from lcrag.strategies import Cascade as Cascade
    from lcrag.strategies import ChainOfAgents as ChainOfAgents
    from lcrag.strategies import ChunkedRetrieval as ChunkedRetrieval
    from lcrag.strategies import CitedLongContext as CitedLongContext
    from lcrag.strategies import ClosedBook as ClosedBook
    from lcrag.strategies import ClueMemory as ClueMemory
    from lcrag.strategies import CompressedContext as CompressedContext
    from lcrag.strategies import CorrectiveRetrieval as CorrectiveRetrieval
    from lcrag.strategies import Ensemble as Ensemble
    from lcrag.strategies import EvolvingMemory as EvolvingMemory
    from lcrag.strategies import GistMemory as GistMemory
    from lcrag.strategies import HyDE as HyDE
    from lcrag.strategies import IRCoT as IRCoT
    from lcrag.strategies import IterDRAG as IterDRAG
    from lcrag.strategies import LocalMemory as LocalMemory
    from lcrag.strategies import LongContext as LongContext
    from lcrag.strategies import LongRAG as LongRAG
    from lcrag.strategies import MapReduce as MapReduce
    from lcrag.strategies import MemoryReading as MemoryReading
    from lcrag.strategies import MultiQuery as MultiQuery
    from lcrag.strategies import Refine as Refine
    from lcrag.strategies import RetrieveThenReason as RetrieveThenReason
    from lcrag.strategies import SelfRoute as SelfRoute
    from lcrag.strategies import SummaryTree as SummaryTree
