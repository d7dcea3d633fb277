"""Data sets: shipped with Python, generated, or from the user's own files."""

from lcrag.datasets.base import Dataset
from lcrag.datasets.files import load_files
from lcrag.datasets.pydoc import load_pydoc
from lcrag.datasets.synthetic import generate

__all__ = ["Dataset", "generate", "load_files", "load_pydoc"]
