"""Retrievers over chunks of documents. Stands on its own; indexes are built from plain texts."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
