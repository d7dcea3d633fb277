"""scikit-learn estimators by name, or any of one's own."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lcrag.errors import LcragError

Calibrate = Literal["", "sigmoid", "isotonic"]
NAMES = ("logistic", "boosting")


def classifier(spec: Any, calibrate: Calibrate = "") -> Any:
    """A new classifier: ``logistic``, ``boosting`` or a copy of a scikit-learn estimator.

    Args:
        spec: a name or an estimator that has ``predict_proba``.
        calibrate: wrap it into cross-validated calibration (Platt's sigmoid or isotonic regression).

    Raises:
        LcragError: an unknown name, or no classifier.
    """
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    if spec == "logistic":
        made: Any = LogisticRegression(C=0.3, max_iter=500)
    elif spec == "boosting":
        made = GradientBoostingClassifier(**BOOSTING)
    else:
        made = _own(spec, "predict_proba")
    return CalibratedClassifierCV(made, method=calibrate, cv=3, ensemble=False) if calibrate else made


def regressor(spec: Any) -> Any:
    """A new regressor: ``linear`` (ridge), ``boosting`` or a copy of a scikit-learn estimator.

    Raises:
        LcragError: an unknown name, or no estimator.
    """
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.linear_model import Ridge

    if spec in {"linear", "logistic"}:
        return Ridge(alpha=10.0)
    if spec == "boosting":
        return GradientBoostingRegressor(**BOOSTING)
    return _own(spec, "predict")


# Not scikit-learn's histogram boosting: that takes several milliseconds for a single question.
BOOSTING: dict[str, Any] = {
    "n_estimators": 120,
    "learning_rate": 0.1,
    "max_depth": 4,
    "min_samples_leaf": 20,
    "subsample": 0.5,
    "max_features": 0.3,
    "random_state": 0,
}


def _own(spec: Any, needs: str) -> Any:
    from sklearn.base import clone

    if isinstance(spec, str) or not hasattr(spec, "fit") or not hasattr(spec, needs):
        raise LcragError(
            f"{spec!r} is no estimator for a router: give {', '.join(NAMES)} or a scikit-learn estimator with {needs}."
        )
    return clone(spec)


def probabilities(estimator: Any, rows: Any, classes: int) -> NDArray[np.float64]:
    """Class probabilities, shape (rows, classes); a class that was not there in training has 0."""
    found = np.zeros((rows.shape[0], classes))
    found[:, np.asarray(estimator.classes_, int)] = estimator.predict_proba(rows)
    return found
