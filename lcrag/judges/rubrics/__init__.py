"""Rubrics that come with lcrag, one YAML file each, in the format of a rubric of one's own."""
