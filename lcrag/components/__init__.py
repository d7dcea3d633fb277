"""Components by name: strategies, routers, retrievers and all other kinds, ours and anyone's own."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
