"""What is kept in a file of its own: ways in and out. Nothing that is believed rests on it."""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from dataclasses import fields, is_dataclass
from fractions import Fraction
from typing import Any, Self

from exactqse.reading import read_bytes
from exactqse.writing import write_bytes

LONG = 10**17  # with a sign, one digit more is too long for a JSON integer


class Stored(ABC):
    """A value with a canonical file, which it can write and be read from."""

    @abstractmethod
    def document(self) -> dict[str, object]:
        """What is in its file, in this order."""

    @classmethod
    @abstractmethod
    def from_bytes(cls, data: bytes, where: str = "file") -> Self:
        """Read a file, of this name in messages. Raises InputError."""

    def to_bytes(self) -> bytes:
        """The canonical file: compact ASCII JSON, and one newline at the end."""
        return f"{json.dumps(plain(self.document()), separators=(',', ':'))}\n".encode("ascii")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the canonical file. Raises FileError."""
        write_bytes(path, self.to_bytes())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file. Raises InputError."""
        return cls.from_bytes(read_bytes(path), str(path))


def plain(value: Any) -> Any:
    """As JSON values: Fractions, and ints from ``LONG`` on, in quotes.

    A dataclass is the list of its fields, or an object if it says ``as_object = True``
    (proofs/certificate-format.md).
    """
    if isinstance(value, tuple):
        return [plain(x) for x in value]
    if isinstance(value, dict):
        return {name: plain(x) for name, x in value.items()}
    if isinstance(value, Fraction) or (isinstance(value, int) and abs(value) >= LONG):
        return str(value)
    if is_dataclass(value):
        parts = {field.name: plain(getattr(value, field.name)) for field in fields(value)}
        return parts if getattr(value, "as_object", False) else [*parts.values()]
    return value
