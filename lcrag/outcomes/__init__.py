"""The table of outcomes: what a run leaves, what others published, and how both are read and written."""

from lcrag.outcomes.table import SCHEMA, VERSION, load_outcomes, save_outcomes, validate, without_defects

__all__ = ["SCHEMA", "VERSION", "load_outcomes", "save_outcomes", "validate", "without_defects"]
