"""Walks through a directed graph that is given as a list of edges."""

from __future__ import annotations

import random
from typing import Literal

from lcrag.datasets.base import Dataset
from lcrag.generators import words
from lcrag.generators.budget import Tokens, check, counter, fit, lengths_of
from lcrag.generators.drafts import Draft, Part, Prompt, gather
from lcrag.generators.page import Different, Page
from lcrag.schema import Task

TITLE = "Graph walk"
Operation = Literal["bfs", "parents"]
QUESTIONS = {
    "bfs": "Perform a breadth-first search from node {node} along the edges and find all nodes at depth {depth} "
    "exactly: those whose shortest way from {node} has {depth} edges.",
    "parents": "Find the parents of node {node}: all nodes from which an edge leads to it.",
}
FORM = "End the answer with a line of this form and no other words in it: Final Answer: [node1, node2, node3]"
TEMPLATE = (
    "You will be given a directed graph as a list of its edges.\n\n{context}\n\n{question} " + FORM
)  # fmt: skip


def generate_graph_walk(
    operations: tuple[Operation, ...] = ("bfs", "parents"),
    tokens: Tokens = 4096,
    count: int = 10,
    depth: int = 2,
    degree: int = 3,
    tokenizer: str = "",
    seed: int = 0,
    prompt: Prompt = "lcrag",
) -> Dataset:
    """Graph walks (OpenAI 2025): the nodes that a breadth-first search reaches, or the parents of a node.

    Nodes are hexadecimal numbers, edges stand in random order. The edges that one has to follow are the evidence; the
    graph around the first node is the same at every length.

    Args:
        operations: ``bfs``, ``parents`` or both.
        tokens: One or several lengths of the prompt, its question and room for the answer included.
        count: Questions of each operation and length.
        depth: How far ``bfs`` goes, from 1 to 5.
        degree: Edges from each node that ``bfs`` passes, and into the node whose ``parents`` are asked for; 1 to 6.
        tokenizer: A Hugging Face name or folder, ``smollm2``, or empty for an estimate from characters.
        seed: Seeds the whole dataset.
        prompt: ``official`` asks with the edges first, in our words after OpenAI's form.

    Raises:
        LcragError: a number is out of range, or the graph does not fit.

    Differs from the paper: written anew from the data card; its examples of the answer are left out.
    """
    check(TITLE, ("count", count, 1, 100_000), ("depth", depth, 1, 5), ("degree", degree, 1, 6))
    counted, parts = counter(tokenizer), list[Part]()
    for length in lengths_of(tokens, TITLE):
        for operation in operations:
            for i in range(count):
                rng = random.Random(f"{seed}/graph_walk/{operation}/{depth}/{degree}/{length}/{i}")
                nodes = Different(lambda rng=rng: words.hexadecimal(rng))  # type: ignore[misc]
                start = nodes.draw()
                edges, golds = _around(start, operation, nodes, depth, degree, rng)
                task = Task(
                    operation,
                    instruction=FORM,
                    max_tokens=20 * len(golds) + 20,
                    template=TEMPLATE,
                    metric="graph_walks",
                    average=("task",),
                )
                text = QUESTIONS[operation].format(node=start, depth=depth)
                metadata = {"length": length, "nodes": len(golds)}
                draft = Draft(text, task, tuple(golds), tuple(edges), metadata=metadata)
                order = rng.getrandbits(64)
                page = fit(
                    lambda n, e=edges, u=nodes, o=order: _page(e, u.first(n + 2), n, o),  # type: ignore[misc]
                    length - draft.overhead(counted),
                    counted,
                    TITLE,
                )
                parts.append(Part(f"{operation}-{length}-{i + 1}", page, (draft,)))
    return gather("graph_walk", prompt, parts)


def _around(
    start: str, operation: Operation, nodes: Different[str], depth: int, degree: int, rng: random.Random
) -> tuple[list[tuple[str, str]], list[str]]:
    """The edges around the first node, and the nodes that are asked for."""
    if operation == "parents":
        parents = [nodes.draw() for _ in range(degree)]
        return [(parent, start) for parent in parents], parents
    edges, reached, layer = list[tuple[str, str]](), {start}, [start]
    for _ in range(depth):
        children = list[str]()
        for node in layer:
            new = [nodes.draw() for _ in range(degree)]
            if children:  # some nodes have two ways
                new[-1] = rng.choice(children)
            back = [rng.choice(sorted(reached))] if node != start and rng.random() < 0.5 else []
            edges += [(node, child) for child in (*new, *back)]
            children += [child for child in new if child not in children]
        reached.update(children)
        layer = children
    return list(dict.fromkeys(edges)), sorted(layer)


def _page(edges: list[tuple[str, str]], others: list[str], count: int, order: int) -> Page:
    """The edges in random order, with so many among other nodes and from them to the nodes of the walk."""
    rng = random.Random(order)
    inner = sorted({node for edge in edges for node in edge})
    goals = {edge[1] for edge in edges}
    ends = sorted(set(inner) - {source for source, _ in edges})  # they lead on like all others
    extra = [(rng.random(), (node, rng.choice(others))) for node in ends]
    for i in range(count):
        target = others[i + 1] if rng.random() < 0.8 else others[rng.randrange(max(i, 1))]
        if rng.random() < 0.1:
            target = rng.choice(inner)
        if len(goals) == 1 and target in goals:  # the parents of a node are asked for
            target = others[i + 1]
        extra.append((rng.random(), (others[i], target)))
    keys = random.Random(order + 1)
    wanted = set(edges)
    page = Page()
    for _, (source, target) in sorted([*((keys.random(), edge) for edge in edges), *extra]):
        edge = (source, target)
        page.write(f"{source} -> {target}", edge if edge in wanted else None, after="\n")
    return page
