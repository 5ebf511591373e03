"""Enclosures for users, and the border to python-flint's ball arithmetic (arb)."""

from exactqse.arithmetic.balls import FlintElementary
from exactqse.arithmetic.enclosure import Enclosure

__all__ = ["Enclosure", "FlintElementary"]
