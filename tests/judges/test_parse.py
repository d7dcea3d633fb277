"""The verdict in a judge's reply: read where it is clear, asked for once more where it is not."""

from __future__ import annotations

import pytest

from lcrag.judges.parse import ask_verdict, read_verdict
from lcrag.readers.base import Message
from tests.judges.world import ScriptedTools

TRUE = ("True", "False")
YES = ("yes", "no")
GRADES = ("CORRECT", "INCORRECT", "NOT_ATTEMPTED")

DIRECT = [
    # a word by itself, whatever is around it
    ("True", TRUE, "True"), ("**True**", TRUE, "True"), ("False.", TRUE, "False"), ("true", TRUE, "True"),
    ("TRUE!", TRUE, "True"), ("\n\n False\n", TRUE, "False"), ("`False`", TRUE, "False"), ('"True"', TRUE, "True"),
    ("“True.”", TRUE, "True"), ("- True", TRUE, "True"),
    ("'False'", TRUE, "False"), ("> **False**", TRUE, "False"), ("[[yes]]", YES, "yes"),
    ("(no)", YES, "no"), ("_no_", YES, "no"), ("✅ Yes", YES, "yes"), ("\\boxed{yes}", YES, None),
    # a label before it
    ("Answer: yes", YES, "yes"), ("Verdict: **False**", TRUE, "False"), ("**Verdict:** no", YES, "no"),
    ("Final answer: yes.", YES, "yes"), ("### Grade\nINCORRECT", GRADES, None),
    ("Grade: INCORRECT", GRADES, "INCORRECT"),
    ('{"verdict": "yes"}', YES, "yes"), ('```json\n{"verdict": "no"}\n```', YES, None), ("Score: yes", YES, None),
    # an explanation after it
    ("False, because the reference says 1987.", TRUE, "False"), ("True. Both give the same year.", TRUE, "True"),
    ("Yes - both name Bergen", YES, "yes"), ("Yes\n\nThe response names Bergen.", YES, "yes"),
    ("True (same year)", TRUE, "True"), ('{"verdict": "yes", "reason": "same year"}', YES, "yes"),
    ("Correct; it names her.", GRADES, "CORRECT"),
    # other spellings of words of several parts
    ("NOT_ATTEMPTED", GRADES, "NOT_ATTEMPTED"), ("Not attempted.", GRADES, "NOT_ATTEMPTED"),
    ("not-attempted", GRADES, "NOT_ATTEMPTED"), ("incorrect", GRADES, "INCORRECT"), ("Not correct", GRADES, None),
    ("Not incorrect", GRADES, None), ("CORRECTED", GRADES, None),
    # no verdict, or not the first word
    ("", TRUE, None), ("   ", TRUE, None), ("I cannot judge", TRUE, None), ("The answer is not true", TRUE, None),
    ("The answer is true.", TRUE, None), ("Not true", TRUE, None), ("Untrue", TRUE, None), ("Trueish", TRUE, None),
    ("True-ish", TRUE, None), ("True?", TRUE, None), ("1", TRUE, None), ("Sure! True", TRUE, None),
    ("Wahr", TRUE, None), ("...", TRUE, None),
    # the word is part of a sentence
    ("No mention of it, so it declines", YES, None), ("No-one knows", YES, None), ("No one knows.", YES, None),
    ("Yes it is", YES, None), ("True is what the reference says", TRUE, None),
    # two verdicts
    ("true or false?", TRUE, None), ("True/False", TRUE, None), ("Yes and no.", YES, None),
    ("True. Wait, False.", TRUE, None), ("Yes.\nVerdict: no", YES, None), ("**True** **False**", TRUE, None),
    ("Yes, yes.", YES, "yes"), ("CORRECT or INCORRECT", GRADES, None), ("Answer: yes or no", YES, None),
    # thoughts of a reasoning model
    ("<think>True or False? It says 1987.</think>\nTrue", TRUE, "True"), ("<think>True, because", TRUE, None),
    ("</think>False", TRUE, "False"),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "words", "verdict"), DIRECT)
def test_the_verdict_is_the_first_word(reply, words, verdict):
    assert read_verdict(reply, words) == verdict


REASONED = [
    ("Both say 1987.\nVerdict: yes", "yes"), ("No year is given.\n\n**Verdict: No**", "no"),
    ("yes, it seems. But the year differs.\nVerdict: no.", "no"), ("Verdict: yes", "yes"), ("yes", "yes"),
    ("No.", "no"), ("Verdict: **yes**\n", "yes"), ("Final verdict: no", "no"),
    ("Verdict: yes\nVerdict: no", None), ("Verdict: no\nI am sure.", None), ("Both say 1987.", None),
    ("Yes, both say", None), ("No year is given", None), ("The verdict: yes, mostly", None),
    ("Verdict: yes or no", None), ("Verdict: maybe", None), ("Verdict:", None), ("", None),
    ("Answer: 1987, as in the reference.\nVerdict: yes", "yes"),
    ("Verdict: yes\nI checked again.\nVerdict: yes", "yes"),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "verdict"), REASONED)
def test_after_reasons_the_verdict_is_the_last_line(reply, verdict):
    assert read_verdict(reply, YES, reasons_first=True) == verdict


CHAT = (Message("system", "You grade."), Message("user", "Is it right?"))


async def test_a_clear_reply_is_asked_for_once():
    tools = ScriptedTools("**True**")
    reply = await ask_verdict(tools, CHAT, TRUE, max_tokens=9)
    assert (reply.verdict, reply.text) == ("True", "**True**")
    (request,) = tools.requests
    assert request["messages"] == CHAT and request["begin"] == TRUE and request["max_tokens"] == 9


async def test_an_unreadable_reply_is_asked_for_once_more():
    tools = ScriptedTools("It depends.", "False")
    reply = await ask_verdict(tools, CHAT, TRUE)
    assert reply.verdict == "False"
    first, second = tools.requests
    assert (first["sample"], second["sample"]) == (0, 1)
    assert second["messages"][0] == CHAT[0]
    assert second["messages"][1].content.startswith("Is it right?")
    assert second["messages"][1].content.endswith("only one of these is allowed: True, False.")


async def test_a_judge_that_never_gives_a_verdict_is_unreadable():
    tools = ScriptedTools("It depends.", "I said it depends.")
    reply = await ask_verdict(tools, CHAT, TRUE)
    assert (reply.verdict, reply.text) == (None, "I said it depends.")
    assert len(tools.requests) == 2


async def test_a_judge_that_may_reason_is_not_held_to_begin_with_a_verdict():
    tools = ScriptedTools("Hm.", "Both say 1987.\nVerdict: yes")
    reply = await ask_verdict(tools, CHAT, YES, reasons_first=True)
    assert reply.verdict == "yes"
    assert [r["begin"] for r in tools.requests] == [(), ()]
    assert 'last line must be "Verdict: X"' in tools.requests[1]["messages"][1].content
