"""Embedding models. Stands on its own; nothing is loaded before a model is used."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
