"""From bytes to files. Nothing that is believed rests on it: what was written is read strictly."""

from __future__ import annotations

import gzip
import os
import tempfile
from pathlib import Path

from exactqse.errors import FileError, of_kind


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write ``data`` so that ``path`` is either its old self or whole. Raises FileError.

    It is written to a temporary name in the same folder, which is renamed; compressed where the
    name ends in ``.gz``.
    """
    of_kind(path, (str, os.PathLike), "a path", where="path")
    target = Path(path)
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(gzip.compress(data, mtime=0) if str(path).endswith(".gz") else data)
            mask = os.umask(0)
            os.umask(mask)
            Path(name).chmod(0o666 & ~mask)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:
        what = f"cannot be written ({getattr(error, 'strerror', error)})"
        raise FileError(what, where=str(path)) from error
