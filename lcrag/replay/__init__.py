"""Routers on outcomes that exist: replay, cross-validation, curves, one report."""

from lcrag.replay.evaluate import evaluate
from lcrag.replay.examples import examples_of
from lcrag.replay.replayed import Replayed, cross_replay, replay
from lcrag.replay.report import RoutingReport

__all__ = ["Replayed", "RoutingReport", "cross_replay", "evaluate", "examples_of", "replay"]
