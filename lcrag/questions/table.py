"""Written questions as lines of a file, and what became of the others as a table."""

from __future__ import annotations

import json
from collections.abc import Sequence

from lcrag.questions.prompts import Candidate
from lcrag.questions.writing import WrittenQuestions
from lcrag.tables import dollars, human, many, ruled


def question_lines(candidates: Sequence[Candidate], model: str) -> str:
    """Questions as ``load_files`` reads them, one JSON object per line; ``metadata`` names the model."""
    lines = []
    for candidate in candidates:
        row: dict[str, object] = {"question": candidate.question, "documents": candidate.document.id}
        if candidate.answerable:
            evidence = [span.text for span in candidate.spans]
            row |= {"answers": candidate.answer, "kind": candidate.kind, "evidence": evidence}
        else:
            row |= {"kind": candidate.kind, "answerable": False}
        metadata = {"written_by": model} | ({"entity": candidate.entity} if candidate.entity else {})
        lines.append(json.dumps(row | {"metadata": metadata}, ensure_ascii=False) + "\n")
    return "".join(lines)


def rejection_table(written: WrittenQuestions, kinds: Sequence[str], source: str = "replies") -> str:
    """By kind how many questions were written and kept, and how many were thrown out for which reason.

    ``source`` says what questions were made from.
    """
    reasons = list(dict.fromkeys(why for (_, why), _ in written.rejected.most_common()))
    kept = [sum(c.kind == kind for c in written.candidates) for kind in kinds]
    rows = [["", *kinds], [source, *(str(written.asked[k]) for k in kinds)], ["kept", *map(str, kept)]]
    rows += [[why, *(str(written.rejected[kind, why] or "") for kind in kinds)] for why in reasons]
    return "\n".join(ruled(rows))


def cost_sentence(written: WrittenQuestions, model: str, task: str = "Written") -> str:
    """Which model wrote the questions, or did another ``task``, and what its replies cost."""
    usage = written.usage
    paid = "dollars unknown" if usage.dollars is None else f"{dollars(usage.dollars)} dollars"
    earlier = f", {written.resumed} of them paid for before" if written.resumed else ""
    return (
        f"{task} by {model}: {many(int(usage.calls), 'call')}{earlier}, {human(usage.prompt_tokens)} prompt tokens, "
        f"{human(usage.completion_tokens)} written, {paid}."
    )
