"""Memories: items on disk, and the values and dates that are read from a text."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
