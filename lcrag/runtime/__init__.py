"""What a live question needs: the metered toolbox, caps, what is built once, default components."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
