"""Links of guides that lead out of docs/, which GitHub follows, as links within the site (mkdocs hook)."""

from __future__ import annotations

import re
from typing import Any

HOME = {"README.md": "index.md", "CONTRIBUTING.md": "architecture.md"}


def on_page_markdown(markdown: str, **_: Any) -> str:
    """``../SECURITY.md`` is a page of the site; the README's is its home."""
    return re.sub(r"\]\(\.\./([A-Z]+\.md)", lambda m: f"]({HOME.get(m[1], m[1])}", markdown)
