"""A strategy in an application."""

from lcrag.serving.application import Application

__all__ = ["Application"]
