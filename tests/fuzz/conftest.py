"""How long the fuzzing lasts: 200 examples in the suite, as many as ``LCRAG_FUZZ`` says for ``make fuzz``."""

import os

from hypothesis import HealthCheck, settings

FORMATS = 12  # tests that share the examples
settings.register_profile(
    "fuzz",
    max_examples=max(1, int(os.environ.get("LCRAG_FUZZ", "200")) // FORMATS),
    deadline=None,  # see spoil.in_time: seconds of this process, since other processes slow it down
    derandomize="LCRAG_FUZZ" not in os.environ,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
