"""Helpers that several strategies share: prompts, passages, memories, truncation."""
