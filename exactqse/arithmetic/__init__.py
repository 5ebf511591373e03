"""Enclosures for users, and the border to python-flint's ball arithmetic (arb)."""

from typing import TYPE_CHECKING

from exactqse.arithmetic.enclosure import Enclosure
from exactqse.lazy import lazy

if TYPE_CHECKING:
    from exactqse.arithmetic.balls import FlintElementary
else:
    __getattr__, __dir__ = lazy(__name__, {"FlintElementary": "balls"})

__all__ = ["Enclosure", "FlintElementary"]
