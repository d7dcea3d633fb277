import pandas as pd
import pytest

from lcrag.cost.calibration import Calibration, Measurement
from lcrag.cost.hardware import find_hardware
from lcrag.cost.model import ModelSpec
from lcrag.errors import LcragError

SPEC, CPU = ModelSpec.from_config("smollm2"), find_hardware("cpu")
TRUE = Calibration(mfu=0.3, attention_mfu=0.2, mbu=0.5, attention_mbu=0.2, call_seconds=0.05)
SHAPES = [(n, 0, 1) for n in (1000, 2000, 4000)] + [(50, n, 64) for n in (1000, 4000, 6000)] + [(3000, 0, 30)]


def timed(shape):
    return TRUE.predict(Measurement(*shape, 1.0), SPEC, CPU)


def test_the_utilisations_behind_the_seconds_are_recovered():
    fitted = Calibration.fit([(*s, timed(s)) for s in SHAPES], SPEC, CPU)
    assert fitted.mfu == pytest.approx(TRUE.mfu, rel=0.01) and fitted.mbu == pytest.approx(TRUE.mbu, rel=0.02)
    assert fitted.attention_mfu == pytest.approx(TRUE.attention_mfu, rel=0.01)
    assert fitted.attention_mbu == pytest.approx(TRUE.attention_mbu, rel=0.02)
    assert fitted.call_seconds == pytest.approx(0.05, rel=0.03)
    far = Measurement(8000, 0, 100, timed((8000, 0, 100)))
    assert fitted.predict(far, SPEC, CPU) == pytest.approx(far.seconds, rel=0.02)


def test_a_table_of_outcomes_works_too():
    rows = [
        {"read_calls": 1, "error": "", "read_prompt_tokens": n + c, "read_cached_tokens": c,
         "read_completion_tokens": w, "read_seconds": timed((n, c, w))}
        for n, c, w in SHAPES
    ]  # fmt: skip
    rows += [
        rows[0] | {"read_seconds": 99.0, "read_calls": 3},
        rows[0] | {"read_seconds": 99.0, "error": "broken"},
    ]
    fitted = Calibration.fit(pd.DataFrame(rows), SPEC, CPU)
    assert fitted == Calibration.fit([(*s, timed(s)) for s in SHAPES], SPEC, CPU)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(1000, 0, 1, 1.0)] * 4, "at least five measured calls, not 4"),
        ([(1000, 0, 1, 0.0)] * 4, "0.0 seconds cannot be used"),
        ([(-5, 0, 1, 1.0)] * 4, "new tokens must not be negative"),
        ([(0, 1000, 8, 1.0)] * 5, "measure prompts of several lengths"),
    ],
)
def test_useless_measurements_are_refused(rows, message):
    with pytest.raises(LcragError, match=message):
        Calibration.fit(rows, SPEC, CPU)
