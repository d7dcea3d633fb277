"""What a command says on stderr beside its progress."""

import re


def told(stderr: str) -> str:
    """Without the lines of progress, which a slow machine has more of."""
    return re.sub(r"(?m)^\d+ of \d+ (?:answers|verdicts)[^\n]*\n", "", stderr)
