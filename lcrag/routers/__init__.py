"""Which strategy answers: one file a router."""

from lcrag.routers.adaptive_rag import AdaptiveRAGRouter
from lcrag.routers.base import Decision, ReplayableRouter, Router
from lcrag.routers.budget import BudgetRouter
from lcrag.routers.cascade import CascadeRouter
from lcrag.routers.examples import Examples
from lcrag.routers.feature import FeatureRouter
from lcrag.routers.files import load_router, save_router
from lcrag.routers.fixed import FixedRouter
from lcrag.routers.knn import KNNRouter
from lcrag.routers.lara_prior import LaRAPrior
from lcrag.routers.lara_rule import LaRARule
from lcrag.routers.linucb import LinUCBRouter
from lcrag.routers.llm import LLMRouter
from lcrag.routers.probe import ProbeRouter
from lcrag.routers.quality import QualityRouter
from lcrag.routers.query import Query
from lcrag.routers.random import RandomRouter
from lcrag.routers.routed import Routed
from lcrag.routers.tfidf import TfidfRouter
from lcrag.routers.thompson import ThompsonRouter

__all__ = [
    "AdaptiveRAGRouter",
    "BudgetRouter",
    "CascadeRouter",
    "Decision",
    "Examples",
    "FeatureRouter",
    "FixedRouter",
    "KNNRouter",
    "LLMRouter",
    "LaRAPrior",
    "LaRARule",
    "LinUCBRouter",
    "ProbeRouter",
    "QualityRouter",
    "Query",
    "RandomRouter",
    "ReplayableRouter",
    "Routed",
    "Router",
    "TfidfRouter",
    "ThompsonRouter",
    "load_router",
    "save_router",
]
