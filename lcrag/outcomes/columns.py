"""The values of one column of a table of outcomes, checked and in one type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lcrag.datasets.surrogates import whole
from lcrag.errors import LcragError

if TYPE_CHECKING:
    import pandas as pd

MARKS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False, "": False}
MAX_WHOLE = 2**53  # larger whole numbers have no float of their own


def numbers(values: pd.Series[Any], where: str, *, finite: bool = False) -> pd.Series[Any]:
    """Floats, NaN where nothing is known; infinite ones are refused or, being no figures, become NaN.

    Raises:
        LcragError: a value that is not a number.
    """
    import pandas as pd

    try:
        result = pd.to_numeric(values).astype(float)
    except (TypeError, ValueError, OverflowError) as error:
        raise LcragError(f"{where} holds a value that is not a number: {error}.") from error
    infinite = np.isinf(result)
    if finite and infinite.any():
        raise LcragError(f"{where} holds an infinite value: leave it empty where it is not known.")
    return result.mask(infinite)


def whole_numbers(values: pd.Series[Any], where: str) -> pd.Series[Any]:
    """Integers from floats, 0 where nothing is given.

    Raises:
        LcragError: a number with a fraction, or one that is too large.
    """
    filled = values.fillna(0)
    bad = filled[(filled % 1 != 0) | (filled.abs() > MAX_WHOLE)]
    if len(bad):
        raise LcragError(f"{where} holds {bad.iloc[0]}, which is not a whole number.")
    return filled.astype(int)


def marks(values: pd.Series[Any], where: str) -> pd.Series[Any]:
    """Bools, false where nothing is given; "False" is read as false.

    Raises:
        LcragError: a value that is neither true nor false.
    """
    import pandas as pd

    known = zip(values, values.notna(), strict=True)
    words = [str(value).strip().lower() if given else "" for value, given in known]
    if unknown := next((word for word in words if word not in MARKS), ""):
        raise LcragError(f"{where} holds {whole(unknown[:40])!r}, which is neither true nor false.")
    return pd.Series([MARKS[word] for word in words], values.index, dtype=bool)


def texts(values: pd.Series[Any], where: str) -> pd.Series[Any]:
    """Texts, empty where nothing is given.

    Raises:
        LcragError: bytes or a container.
    """
    if values.dtype == object:
        for value in values:
            if isinstance(value, bytes | bytearray | memoryview | list | tuple | dict | set | np.ndarray):
                kind = "bytes" if isinstance(value, bytes | bytearray | memoryview) else type(value).__name__
                raise LcragError(f"{where} holds {kind} where text is expected: save it as text.")
    return values.astype(object).where(values.notna(), "").map(lambda v: whole(str(v)))
