"""LOFT's prompts: families of words that its data sets share."""

from __future__ import annotations

from lcrag.schema import Task

MAX_TOKENS = 512  # ours: room for the titles before the list; the authors set none
RAG = ("nq", "hotpotqa", "musique", "qampari", "quest")
RETRIEVAL = {
    "arguana": "arguana",
    "fever": "scifact",
    "fiqa": "fiqa",
    "hotpotqa": "hotpotqa",
    "msmarco": "fiqa",
    "musique": "hotpotqa",
    "nq": "nq",
    "qampari": "hotpotqa",
    "quest": "hotpotqa",
    "quora": "quora",
    "scifact": "scifact",
    "webis_touche2020": "webis_touche2020",
}
UNTITLED = ("arguana", "fiqa", "quora")  # families whose documents have no title in the prompt
_READ = "You need to read carefully and understand all of them. Then you will be given a "
_FIND = {  # what is given, what is asked, and the line after the query
    "arguana": (
        f"a list of statements. {_READ}claim, and your goal is to find all statements from the list that can "
        "counterargue the claim.",
        "Given a claim, which statements provide a counterargument? Print out the CONTENT and ID of each statement.",
        "claim: {question}\nThe following statements can counterargue the claim:",
    ),
    "fiqa": (
        f"a list of documents. {_READ}query, and your goal is to find all documents from the list that can help answer "
        "the query. Print out the ID and CONTENT of each document.",
        "Which document is most relevant to answering the query? Print out the CONTENT and ID of the document.",
        "query: {question}\nThe following documents can answer the query:",
    ),
    "hotpotqa": (
        f"a list of documents. {_READ}query that may require you to use 1 or more documents to find the answer. Your "
        "goal is to find all documents from the list that can help answer the query. Print out the ID and TITLE of "
        "each document.",
        "Which documents can help answer the query? Print out the TITLE and ID of each document.",
        "query: {question}\nThe following documents can help answer the query:",
    ),
    "nq": (
        f"a list of documents. {_READ}query, and your goal is to find all documents from the list that can help answer "
        "the query. Print out the ID and TITLE of each document.",
        "Which document is most relevant to answer the query? Print out the TITLE and ID of the document.",
        "query: {question}\nThe following documents can help answer the query:",
    ),
    "quora": (
        f"a list of questions. {_READ}new question, and your goal is to find all questions from the list that are near "
        "duplicates of the new question. Print out the ID and CONTENT of each question.",
        "Given the following query, which existing question is most similar to it? Print out the CONTENT and ID of the "
        "question.",
        "query: {question}\nThe following existing questions are most similar to the given query:",
    ),
    "scifact": (
        f"a list of passages. {_READ}claim, and your goal is to find all passages from the list that can help verify "
        "the claim as true of false. Print out the ID and TITLE of each passage.",
        "Which passage is most relevant to the claim, and can help verify the claim as true or false? Print out the "
        "TITLE and ID of the document.",
        "claim: {question}\nThe following passages can help verify this sentence:",
    ),
    "webis_touche2020": (
        f"a list of arguments. {_READ}controversial debating topic, and your goal is to find arguments from the list "
        "that's relevant to the topic. Print out the ID and TITLE of each argument.",
        "Which argument is most relevant to the query? Print out the TITLE and ID of the argument.",
        "query: {question}\nThe following argument is most relevant to the query:",
    ),
}
_NOT_EMPTY = "If there is no perfect answer output the closest one. Do not give an empty final answer."
_START = "{context}====== Now let's start! ======\n"
_ANSWERS = (
    "Your final answer should be in a list, in the following format:\nFinal Answer: ['answer1', 'answer2', ...]\n"
    "If there is only one answer, it should be in the format:\nFinal Answer: ['answer']"
)
_IDS = (
    "Your final answer should be a list of IDs, in the following format:\nFinal Answer: [id1, id2, ...]\n"
    f"If there is only one ID, it should be in the format:\nFinal Answer: [id1]\n\n{_NOT_EMPTY}"
)


def _task(name: str, given: str, form: str, ask: str) -> Task:
    return Task(
        name,
        instruction=form,
        max_tokens=MAX_TOKENS,
        template=f"You will be given {given}\n\n{form}\n\n{_START}{ask}\n",
        metric="loft",
        average=("kind", "task"),
    )


_ANSWER = (
    f"a list of documents. {_READ}query, and your goal is to answer the query based on the documents you have "
    "read."
)
_LIST = (
    "Based on the documents above, can you answer the following query? Print out the TITLE and ID of the documents "
    "you use "
    "to answer. Then format the answers into a list.\nquery: {question}"
)


def _retrieval(name: str, family: str) -> Task:
    given, ask, query = _FIND[family]
    lines = f"{ask} Then format the IDs into a list.\n{_NOT_EMPTY}\n{query}"
    return _task(f"retrieval_{name}", given, _IDS, lines)


TASKS = [_task(f"rag_{name}", _ANSWER, _ANSWERS, _LIST) for name in RAG] + [
    _retrieval(name, family) for name, family in RETRIEVAL.items()
]
