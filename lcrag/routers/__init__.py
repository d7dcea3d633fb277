"""Which strategy answers: one file a router."""

from lcrag.routers.base import Decision, Router
from lcrag.routers.fixed import FixedRouter
from lcrag.routers.lara_rule import LaRARule
from lcrag.routers.random import RandomRouter
from lcrag.routers.routed import Routed

__all__ = ["Decision", "FixedRouter", "LaRARule", "RandomRouter", "Routed", "Router"]
