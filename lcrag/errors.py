"""What lcrag raises for bad input or a broken environment: one sentence that says what to do."""


class LcragError(Exception):
    """Bad input, told in one sentence that names the file, key, question or address and the remedy."""


class ReaderUnavailable(LcragError):
    """The language model cannot be used at all (server down, wrong model name, no access): a run stops."""
