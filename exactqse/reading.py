"""From files to bytes. Nothing that is believed rests on it: what is in them is read strictly."""

from __future__ import annotations

import os
import zlib
from gzip import GzipFile
from pathlib import Path

from exactqse.errors import FileError, of_kind

MAX_BYTES = 1 << 28


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """The file's bytes, unpacked. FileError when it is absent, unreadable or too large."""
    of_kind(path, (str, os.PathLike), "a path", where="path")
    try:
        with Path(path).open("rb") as stream:
            plain = not str(path).endswith(".gz")
            data = (stream if plain else GzipFile(fileobj=stream)).read(MAX_BYTES + 1)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        what = f"cannot be read ({getattr(error, 'strerror', error)})"
        raise FileError(what, where=str(path)) from error
    if len(data) > MAX_BYTES:
        raise FileError(f"is larger than {MAX_BYTES} bytes", where=str(path))
    return data
