"""scikit-learn estimators by name, or any of one's own."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lcrag.errors import LcragError

Calibrate = Literal["", "sigmoid", "isotonic"]

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


def classifier(spec: Any, calibrate: Calibrate = "") -> Any:
    """A new classifier: ``logistic``, ``boosting`` or a copy of a scikit-learn estimator.

    Args:
        spec: a name, or an estimator that has ``predict_proba``.
        calibrate: wrap it into cross-validated calibration (Platt's sigmoid or isotonic regression).

    Raises:
        LcragError: an unknown name, or an object that is not a classifier.
    """
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    if isinstance(spec, str) and spec == "logistic":
        estimator: Any = LogisticRegression(C=0.3, max_iter=500)
    elif isinstance(spec, str) and spec == "boosting":
        estimator = GradientBoostingClassifier(**BOOSTING)
    else:
        estimator = _copy(spec, "predict_proba", "logistic, boosting")
    if not calibrate:
        return estimator
    return CalibratedClassifierCV(estimator, method=calibrate, cv=3, ensemble=False)


def regressor(spec: Any) -> Any:
    """A new regressor: ``linear`` (ridge), ``boosting`` or a copy of a scikit-learn estimator.

    Raises:
        LcragError: an unknown name, or an object that is not an estimator.
    """
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.linear_model import Ridge

    if isinstance(spec, str) and spec in {"linear", "logistic"}:
        return Ridge(alpha=10.0)
    if isinstance(spec, str) and spec == "boosting":
        return GradientBoostingRegressor(**BOOSTING)
    return _copy(spec, "predict", "linear, boosting")


def _copy(spec: Any, method: str, names: str) -> Any:
    from sklearn.base import clone

    if isinstance(spec, str) or not hasattr(spec, "fit") or not hasattr(spec, method):
        raise LcragError(
            f"{spec!r} is not an estimator for a router: give {names} or a scikit-learn estimator with {method}."
        )
    return clone(spec)


def probabilities(estimator: Any, rows: Any, classes: int) -> NDArray[np.float64]:
    """Class probabilities, shape (rows, classes); a class that was not in training has 0."""
    result = np.zeros((rows.shape[0], classes))
    result[:, np.asarray(estimator.classes_, int)] = estimator.predict_proba(rows)
    return result
