"""The sigmoid between linear prediction and normalised quality (Yue et al. 2024, arXiv 2410.04343, appendix F)."""

from __future__ import annotations

import warnings
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sigmoid:
    """height / (1 + exp(-slope * (x + shift))) - depth."""

    height: float
    slope: float
    shift: float
    depth: float

    def __call__(self, x: Floats) -> Floats:
        """Normalised quality of linear predictions."""
        z = np.clip(-self.slope * (x + self.shift), -700, 700)
        return np.asarray(self.height / (1 + np.exp(z)) - self.depth, float)

    def inverse(self, y: Floats, margin: float = 0.0) -> Floats:
        """Linear predictions of normalised quality, which is clipped to ``margin`` inside (-depth, height - depth)."""
        inside = np.clip(y, -self.depth + margin, self.height - self.depth - margin)
        return np.asarray(-self.shift - np.log(self.height / (inside + self.depth) - 1) / self.slope, float)


PUBLISHED = Sigmoid(3.30, 1.81, 0.46, 2.18)  # appendix F


def refit(x: Floats, y: Floats) -> Sigmoid:
    """Fit by least squares; the published constants where there are fewer than five points or no convergence."""
    from scipy.optimize import OptimizeWarning, curve_fit

    def curve(x: Floats, *constants: float) -> Floats:
        return Sigmoid(*constants)(x)

    if len(x) < 5:
        return PUBLISHED
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OptimizeWarning)
            bounds = ([0.1, 0.05, -10, -10], [50, 20, 10, 50])
            constants, _ = curve_fit(curve, x, y, p0=astuple(PUBLISHED), bounds=bounds, max_nfev=20000)
    except RuntimeError:
        return PUBLISHED
    return Sigmoid(*(float(f) for f in constants))


def fit_jointly(rows: Floats, y: Floats, start: Floats, free_ends: bool = True) -> tuple[Floats, Sigmoid]:
    """Coefficients and the sigmoid's height and depth, by non-linear least squares.

    Args:
        rows: the regression's columns, shape (points, columns).
        y: normalised quality, shape (points,).
        start: coefficients to start from, shape (columns,).
        free_ends: fit height and depth, else keep the published ones.
    """
    from scipy.optimize import least_squares

    def sigmoid(x: Floats) -> Sigmoid:
        height, depth = x[-2:] if free_ends else (PUBLISHED.height, PUBLISHED.depth)
        return Sigmoid(float(height), PUBLISHED.slope, PUBLISHED.shift, float(depth))

    def residuals(x: Floats) -> Floats:
        return sigmoid(x)(rows @ x[: len(start)]) - y

    ends = [PUBLISHED.height, PUBLISHED.depth] if free_ends else []
    fitted = least_squares(residuals, [*start, *ends], x_scale="jac", max_nfev=2000).x
    return fitted[: len(start)], sigmoid(fitted)
