"""The routers that are compared on the shown half of LaRA's documents, as they were fixed on the other half."""

from __future__ import annotations

from routing_data import RAG
from routing_others import OTHERS

from lcrag.routers import FeatureRouter, ProbeRouter, QualityRouter, StackedRouter

SELF_ROUTE = ProbeRouter(name="Self-Route, calibrated threshold")
PUBLISHED = ProbeRouter(name="Self-Route, as published", learn=False)
STACKED = StackedRouter(name="stacked", budget=0.37, embedding=True)
WORDS = StackedRouter(name="stacked, no embedding", budget=0.37)
UNREAD = StackedRouter(name="stacked, no probe", budget=0.37, embedding=True, probe="")
BLIND = QualityRouter(name="quality, probe", probe=RAG, cost_weight=0.02)
LABEL = FeatureRouter(
    name="boosted, probe, label", estimator="boosting", probe=RAG, kind=True, cost_weight=0.05
)
COMPARED = [STACKED, WORDS, UNREAD, BLIND, PUBLISHED, SELF_ROUTE, *OTHERS, LABEL]
