"""An estimator that no library knows."""

from sklearn.linear_model import LogisticRegression


class Stranger(LogisticRegression):
    """Somebody's own."""
