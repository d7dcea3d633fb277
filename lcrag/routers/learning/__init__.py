"""What routers learn from and how: queries, features, encoding, examples, costs, scoring, estimators, bandits."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
