"""Embed a corpus into Qdrant or Milvus by Ray Data, and say what to put into an experiment.

    python experiments/embed_corpus.py wiki.yaml wiki data/*.parquet --actors 8 --gpus 1

``wiki.yaml`` holds what stands under ``retriever`` in an experiment: ``{type: qdrant, url: ..., embedder: ...}``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import yaml

from lcrag.components import build
from lcrag.components.yaml_file import read_yaml
from lcrag.runtime.defaults import default_embedder
from retrievers.corpus import embed_corpus


def main() -> None:
    """Embed what is missing and print the retriever."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("retriever", type=Path, help="a YAML file with the retriever")
    parser.add_argument("set_name", help="the name under which the corpus is kept")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument(
        "--done", type=Path, help="says which files are finished (default: SET_NAME.done.jsonl)"
    )
    parser.add_argument("--actors", type=int, default=2)
    parser.add_argument("--gpus", type=float, default=0, help="GPUs for each actor")
    parser.add_argument("--text", default="text", help="the column with the texts")
    parser.add_argument("--id", default="id", help="the column with the documents' ids")
    given = parser.parse_args()
    spec = read_yaml(given.retriever)

    def make():
        return build("retriever", spec, str(given.retriever), {"embedder": default_embedder()})

    corpus = embed_corpus(
        given.files, make, given.set_name, given.done or Path(f"{given.set_name}.done.jsonl"), actors=given.actors,
        resources_per_actor={"num_gpus": given.gpus} if given.gpus else None, text=given.text, id=given.id,
    )  # fmt: skip
    print(f"{len(corpus.shards)} files, {corpus.embedded} of them new: {corpus.passages:,} passages.")
    print("In an experiment, with `scope: corpus` in its strategies:\n")
    retriever = {**spec, "set_name": given.set_name, "build_tokens": corpus.tokens}
    print(yaml.safe_dump({"retriever": retriever}, sort_keys=False, default_flow_style=None))


if __name__ == "__main__":
    main()
