"""Metrics that ask a model: one file per metric; each is named in ``metrics`` like those of ``lcrag.metrics``."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
