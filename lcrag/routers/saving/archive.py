"""A zip from anywhere, checked before anything in it is used."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import numpy as np

from lcrag.errors import LcragError

# A kNN router on 100,000 questions with 1,000 numbers each holds 400 MB; nothing else comes near.
MAX_BYTES = 1 << 30
# Two arrays per tree: 120 trees for each of a dozen strategies are 3,000 members.
MAX_MEMBERS = 100_000
# About 300 bytes for each value that is not in an array.
MAX_SCHEMA_BYTES = 1 << 27

# Routers of every kind that learned from 400 and 4,000 queries unpack to 5 to 13 times the size of their files.
MAX_RATIO = 50
MIN_BYTES = 1 << 24  # what any file may unpack to

SCHEMA = "schema.json"
_MEMBER = re.compile(r"[\w-]+\.(?:json|npy)")


def read_members(path: Path) -> tuple[bytes, dict[str, bytes]]:
    """The file's bytes, and the members of its zip by name.

    Raises:
        LcragError: there is no such file, or it is not a zip as ``save_router`` writes it; says what is wrong.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise LcragError(f"{path} has {size:,} bytes; a router file has at most {MAX_BYTES:,}.")
        data = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_directory(archive.infolist(), size, path)
            return data, {member.filename: archive.read(member) for member in archive.infolist()}
    except FileNotFoundError as error:
        raise LcragError(f"There is no router at {path}.") from error
    except LcragError:
        raise
    except Exception as error:  # zipfile and its decompressors raise nearly anything for damaged files
        raise damaged(path, error) from error


def damaged(path: Path, reason: object) -> LcragError:
    """The error for a file that cannot be read as a router."""
    why = str(reason).strip().partition("\n")[0][:300] or type(reason).__name__
    return LcragError(f"{path} is not a router file, or a damaged one ({why}).")


def _check_directory(members: list[zipfile.ZipInfo], size: int, path: Path) -> None:
    """Refuse by what the zip says of its members, before any is unpacked."""
    names = [m.filename for m in members]
    if "router.json" in names:
        raise LcragError(f"{path} holds a router of format 1, which this lcrag does not read: fit it again.")
    if len(names) > MAX_MEMBERS:
        raise LcragError(f"{path} has {len(names):,} members; a router file has at most {MAX_MEMBERS:,}.")
    for member in members:
        # orig_filename is the name before zipfile has cut it off or replaced separators
        if not _MEMBER.fullmatch(member.orig_filename):
            raise LcragError(
                f"{path} has a member {member.orig_filename!r}; router files have no such names."
            )
    if len(set(names)) < len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise LcragError(f"{path} has a duplicate member {twice!r}.")
    # zipfile never unpacks more than a member declares, so the declared sizes bound what is read.
    total = sum(m.file_size for m in members)
    limit = min(MAX_BYTES, max(MIN_BYTES, MAX_RATIO * size))
    if total > limit:
        raise LcragError(
            f"{path} unpacks to {total:,} bytes; a router file of its size has at most {limit:,}."
        )
    schema = next((m for m in members if m.filename == SCHEMA), None)
    if schema is None:
        raise LcragError(f"{path} is not a router file: it has no {SCHEMA}.")
    if schema.file_size > MAX_SCHEMA_BYTES:
        raise LcragError(
            f"{path} has a {SCHEMA} of {schema.file_size:,} bytes; a router file's has at most {MAX_SCHEMA_BYTES:,}."
        )


def check_array(name: str, data: bytes, path: Path) -> None:
    """Refuse an array whose header asks for more memory than its data fills, or for Python objects.

    Raises:
        LcragError: names the member.
    """
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(stream)
    except Exception as error:  # numpy parses the header as Python
        raise damaged(path, f"{name}: {error}") from error
    count = 1
    for length in shape:
        count *= length
    if dtype.hasobject or count * dtype.itemsize != len(data) - stream.tell():
        raise LcragError(f"{path} has an array {name!r} whose size is not what its header says.")
