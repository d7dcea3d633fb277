"""Whether a text declines to answer: it says that the source does not tell.

Rules, written against LaRA's published answers (arXiv 2502.09977); their precision and recall on a hand-labelled
sample are in ``docs/outcomes.md``. A negation alone does not decline: "He could not find his hat" is an answer, "The
text does not mention a hat" is not. What counts is a source or the speaker as the subject, or a verb of telling.
"""

from __future__ import annotations

import re

SENTENCES = 2  # a text that declines says so at its beginning; a caveat after an answer is not a refusal

_NOT = r"(?: not|n't)"
_CANNOT = rf"(?:can(?:no|')t|cannot|could{_NOT})"
_ADVERBS = r"(?:\w+ly )?(?:or \w+ly |and \w+ly )?(?:actually |even |further |ever )?"
_SOURCE = (
    r"(?:texts?|passages?|papers?(?: \d+)?|documents?|books?|novel|stor(?:y|ies)|chapters?|chunks?|excerpts?|"
    r"statements?|reports?|filings?|authors?|contexts?|materials?|sources?|information|contents?|sections?|notes?|"
    r"articles?|data|descriptions?|conversation|company|financials|it|they|this|analysis|study|narrative)"
)
_TELL = (  # stems
    r"(?:mention|stat|say|said|specif|provid|contain|includ|answer|giv|discuss|disclos|describ|detail|address|explor|"
    r"delve|clarif|indicat|cover|present|explain|outlin|offer|analy[sz]|referenc|refer to|compare|name|identif|list|"
    r"elaborat|propos|report|forecast|project|reveal|touch|talk|focus on|examin|quantif|confirm|cite|feature|have|hold|"
    r"show|support|link|suggest|estimat|break down|go into)\w*"
)
_TOLD = (
    r"(?:mentioned|stated|specified|disclosed|discussed|described|addressed|detailed|indicated|clarified|explained|"
    r"outlined|referenced|elaborated|reported|covered|named|identified|listed|explored|quantified|revealed|"
    r"documented|recorded|noted)"
)
_GIVEN = r"(?:provided|given|included|available|found|contained|known|present|presented|shown|proposed|answered|used)"
_WHERE = r"(?:in|by|from|within|based on|using) (?:the|this|these|any|either|given|provided)\b"
_NEWS = (
    r"(?:mention|information|indication|discussion|references?|details?|description|answer|evidence|explanation|"
    r"specifics?)"
)
_ABOUT = r"(?:of|about|on|in|regarding|that|to|for|provided|available|given|found|is|was|as|concerning|whether|or)\b"

_FORMS = (
    r"\bun-?answerable\b|\bunanswered\b",
    # The text does not mention it.
    rf"\b{_SOURCE}\b(?: \S+){{0,8}}? (?:do|does|did|has|have|is|are){_NOT} {_ADVERBS}{_TELL}\b",
    # It is not mentioned. It is not given in the text. It is not known.
    rf"\b(?:is|are|was|were|been|be|being){_NOT} {_ADVERBS}(?:directly |further )?{_TOLD}\b",
    rf"\b(?:is|are|was|were|been){_NOT} {_ADVERBS}{_GIVEN}\b(?=[^.]*{_WHERE})",
    rf"\b(?:is|are|was|were|been){_NOT} {_ADVERBS}(?:provided|given|available|known)\W*$",
    # There is no mention of it. There is no specific plan.
    rf"\b(?:no|any|without)(?: \w+){{0,3}} {_NEWS}\b(?= {_ABOUT}|\W*$|[,.;])",
    r"\bthere (?:is|are|was|were) no (?:specific|explicit|clear|direct)\b",
    # No such letter is mentioned. None are mentioned.
    rf"(?:^|[.!?,;:] )(?:there (?:is|are|was|were) )?(?:no|none)\b[^.]{{0,90}}? "
    rf"(?:(?:is|are|was|were) )?(?:\w+ly )?(?:{_TOLD}|{_GIVEN}(?= {_WHERE}))\b",
    # I cannot find it. It cannot be determined. There is not enough information.
    rf"\b(?:I|we)(?: am|'m)? (?:\w+ly )?(?:{_CANNOT}|unable to|do{_NOT}|am not able to) (?:\w+ly )?(?:find|answer|"
    r"determine|know|have|see|tell|say|state|provide|identify|locate|calculate|definitively|fabricate)",
    rf"\b{_CANNOT} be (?:\w+ly )?(?:answer|determin|found|verif|ascertain|calculat|identif|infer|deriv)",
    r"\b(?:not (?:have )?(?:enough|sufficient)|insufficient) (?:\w+ )?(?:information|details|context|data)\b",
    rf"\b(?:does|do|did){_NOT} (?:\w+ly )?appear (?:in|to be (?:mentioned|any|provided))",
    rf"\b(?:does|do|did){_NOT} have (?:any |enough |sufficient )?information\b",
    # Not mentioned. Unknown.
    rf"^\W*not (?:\w+ly )?(?:{_TOLD}|{_GIVEN}|applicable)(?=\W*$|[.;,:]|\s+{_WHERE})",
    r"^\W*(?:unknown|n/?a|no answer)\W*$",
)
_DECLINES = re.compile("|".join(_FORMS), re.IGNORECASE)
_ASIDE = re.compile(  # remarks in brackets, and quotations that are not the whole text
    r"\([^()]*\)|(?<=\s)[\"\u201c][^\"\u201c\u201d]*[\"\u201d](?=[\s.,;:!?])"
)
_CONDITION = re.compile(r"\b(?:if|when|unless)\b[^.,;]*[.,;]", re.IGNORECASE)  # an echoed instruction, mostly
_SENTENCE_END = re.compile(r"(?<=[.!?:])\s+(?=[\"'(A-Z])|\n+")


def declines(text: str) -> bool:
    """Whether a text says that the question cannot be answered; an empty text says nothing."""
    plain = _CONDITION.sub(" ", _ASIDE.sub(" ", text.replace("\u2019", "'"))).strip()
    beginning = " ".join(_SENTENCE_END.split(plain)[:SENTENCES])
    return bool(_DECLINES.search(" ".join(beginning.split())))
