"""The records of a farsighted certificate, until the kernel's are merged."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from exactqse.kernel.certificate import Distribution, Tree


@dataclass(frozen=True, slots=True)
class FarsightedNode:
    """The policy at one (step, state)."""

    step: int
    state: int
    policy: tuple[Distribution, ...]  # [cell]


@dataclass(frozen=True, slots=True)
class Slope:
    """How the bound of a node leans: W <= phi - own dv + sum others_j dv_j; any numbers are valid.

    ``others`` names nodes of later steps by their index among all nodes.
    """

    own: Fraction
    others: tuple[tuple[int, Fraction], ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """A bound for the node's own values up to ``end``, in absolute terms; None: to the last."""

    upper: Fraction
    trees: tuple[Tree, ...]  # [cell]
    end: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """The bound of one node in one part; ``free``: each transition to it picks its own value."""

    free: int  # 0 or 1
    shift: int  # of the exponents, where step = 0
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the cover that is not divided: a claim for each node, with one table of slopes."""

    claims: tuple[Claim, ...]  # [node]
    slopes: int = 0  # index in the certificate's tables


@dataclass(frozen=True, slots=True)
class ValueSplit:
    """First the follower's values V at this (step, state) with V <= at, then those with V >= at."""

    step: int
    state: int
    at: Fraction


@dataclass(frozen=True)
class FarsightedCertificate:
    """The claim lower <= J(policy) <= J* <= upper about the game with this hash."""

    game: str
    precision: int
    lower: Fraction
    upper: Fraction
    nodes: tuple[FarsightedNode, ...]
    slopes: tuple[tuple[Slope, ...], ...]
    cover: tuple[Part | ValueSplit, ...]
