"""Whether a text declines to answer."""

from __future__ import annotations

import re

_PHRASES = re.compile(
    r"\bun-?answerable\b"
    r"|\b(?:can(?:no|')?t|cannot|could not|couldn't) (?:be )?(?:answer\w*|determin\w*|found|find|tell|say|know)"
    r"|\b(?:is|are|was|were)(?: not|n't) (?:\w+ ){0,2}(?:mentioned|stated|specified|provided|given|discussed|described|"
    r"included|contained|available|found|disclosed|known)"
    r"|\b(?:does|do|did)(?: not|n't) (?:\w+ ){0,2}(?:mention|state|say|specify|provide|contain|include|answer|give|"
    r"discuss|disclose|describe|know|have (?:any |enough )?information)"
    r"|\bno (?:\w+ ){0,2}(?:information|mention|answer|details?)\b(?! (?:key|type))"
    r"|\bnot (?:enough|sufficient) information\b|\binsufficient information\b"
    r"|^\W*not (?:\w+ly )?(?:mentioned|stated|specified|provided|given|discussed|described|available|found|disclosed)"
    r"(?=\W*$|[.;,:]|\s+(?:by|in) (?:the|this|any)\b)",
    re.IGNORECASE,
)


def declines(text: str) -> bool:
    """Whether a text says that the question cannot be answered; an empty text says nothing."""
    return bool(_PHRASES.search(text.replace("\u2019", "'")))
