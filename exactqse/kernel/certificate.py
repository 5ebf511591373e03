"""The certificate: what a search claims, with every hint that the checker needs.

It has one kind of nodes, in ascending order of (step, state), each with a policy. ``Node`` (gamma =
0, finite eta: proofs/joint-majorant.md) and ``StrongNode`` (gamma = 0, eta infinite:
proofs/strong-stackelberg.md) claim a bound too; ``FarsightedNode`` and ``HistoryNode`` (gamma > 0:
proofs/farsighted-bound.md, or where eta is infinite proofs/farsighted-strong.md and
proofs/strong-frontiers.md) leave that to ``cover``, which divides the follower's values and the
leader's mixtures. The reader is strict (proofs/certificate-format.md). It says nothing about truth:
only ``check`` does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import lcm
from types import GenericAlias
from typing import Any, ClassVar, Self

from exactqse.errors import CertificateError, GameError, shown
from exactqse.kernel.codec import check_header, demand, fields_of, fits, reader
from exactqse.kernel.files import parse_json
from exactqse.storing import Stored

FORMAT, VERSION = "exactqse-certificate", 1
UP, DOWN, CHORD = "up", "down", "chord"
MIN_PRECISION, MAX_PRECISION = 16, 1 << 16
MAX_COMMON_BITS = 1 << 15  # of a distribution's denominators

Distribution = tuple[tuple[int, Fraction], ...]  # ascending actions, positive, summing to 1
# ("up", s), ("down", kappa), ("chord", kappa), or a corner at which "up" or "down" is tangent
Majorant = tuple[str, Fraction] | int
Duals = tuple[tuple[Fraction, ...], ...]  # mu[b][b'], for every b a proof


@dataclass(frozen=True, slots=True)
class Split:
    """The part of the simplex at hand is halved on the edge between its corners i and j.

    The first half has the midpoint for i, the second for j.
    """

    i: int
    j: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part that is not divided: one majorant for each member of the cell.

    A ``shift`` other than 0 is added to the node's; such a leaf only proves a bound of 0.
    """

    majorants: tuple[Majorant, ...]
    shift: int = 0


Tree = tuple[Leaf | Split, ...]  # a binary tree in preorder


@dataclass(frozen=True, slots=True)
class Place:
    """A (step, state)."""

    as_object: ClassVar[bool] = True
    step: int
    state: int


@dataclass(frozen=True, slots=True)
class Node(Place):
    """The claim at one (step, state): no prescription is worth more than ``upper`` there."""

    upper: Fraction
    shift: int
    policy: tuple[Distribution, ...]  # [cell]
    trees: tuple[Tree, ...]  # [cell]


@dataclass(frozen=True, slots=True)
class StrongNode(Place):
    """The claim at one (step, state): no commitment is worth more than ``upper`` there."""

    upper: Fraction
    policy: tuple[Distribution, ...]  # [cell]
    duals: Duals  # none is negative


@dataclass(frozen=True, slots=True)
class FarsightedNode(Place):
    """The policy at one (step, state)."""

    policy: tuple[Distribution, ...]  # [cell]


@dataclass(frozen=True, slots=True)
class HistoryNode(FarsightedNode):
    """A memory of a leader who remembers, at (step, state): what she plays, and what comes after.

    After follower action b and a move to state t her next memory is drawn, publicly.
    """

    after: tuple[tuple[tuple[int, Distribution], ...], ...]  # [b]: (t, over indices of nodes)


@dataclass(frozen=True, slots=True)
class Slope:
    """How the bound of a node leans: W <= phi - own dv + sum others_j dv_j; any numbers are valid.

    ``others`` names nodes of later steps by their index among all nodes.
    """

    own: Fraction
    others: tuple[tuple[int, Fraction], ...] = ()


@dataclass(frozen=True, slots=True)
class ValueSplit:
    """First the follower's values V at this (step, state) with V <= at, then those with V >= at."""

    step: int
    state: int
    at: Fraction


@dataclass(frozen=True, slots=True)
class MixtureSplit:
    """What is left of the simplex of a cell at this (step, state) is halved on an edge.

    First the parts whose mixtures are in its first half, then the others
    (proofs/farsighted-bound.md, Divided mixtures).
    """

    edge: Split  # first, a list that begins with an int: so the reader knows it from a part
    step: int
    state: int
    cell: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A bound for the node's own values up to ``end``, in absolute terms; None: to the last.

    All transitions to a state t that ``ties`` names pick the same point of its claim.
    """

    upper: Fraction
    trees: tuple[Tree, ...]  # [cell]
    end: Fraction | None = None
    ties: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """The bound of one node in one part; ``free``: each transition to it picks its own value.

    ``divisions`` is a cover of this node alone, in preorder: mixtures of its own and values of the
    next step are divided; a leaf says how many of the pieces, in order, are its own. None: one
    (proofs/place-covers.md).
    """

    free: int  # 0 or 1
    shift: int  # of the exponents, where step = 0
    pieces: tuple[Piece, ...]
    divisions: tuple[MixtureSplit | ValueSplit | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the cover that is not divided: a claim for each node, with one table of slopes.

    Where eta is infinite a claim is its duals; a negative mu[b][b'] counts as 0, but not mu[b][b].
    Or, where she remembers or may as well, it is weights of the follower's actions, which prove his
    least V, and below them duals for each line, one below the other, mu[b][b] its slope for all b.
    """

    claims: tuple[Claim | Duals, ...]  # [node]
    slopes: int = 0  # index in the certificate's tables


Cover = tuple[MixtureSplit | Part | ValueSplit, ...]  # a binary tree in preorder
AnyNode = Node | FarsightedNode | HistoryNode | StrongNode
KINDS = {"myopic": Node, "farsighted": FarsightedNode, "history": HistoryNode, "strong": StrongNode}
COVERED = ("farsighted", "history")  # kinds with slopes and a cover


@dataclass(frozen=True)
class Certificate(Stored):
    """The claim lower <= J(policy) <= J* <= upper about the game with this hash.

    ``precision`` is the number of fractional bits at which the search found it checkable. What is
    not of the stated types throughout, or breaks a rule of form, raises CertificateError.
    """

    game: str
    precision: int
    lower: Fraction
    upper: Fraction
    nodes: tuple[AnyNode, ...]  # of one kind
    slopes: tuple[tuple[Slope, ...], ...] = ()  # tables, [node]
    cover: Cover = ()

    def __post_init__(self) -> None:
        for name, hint in _types(self.kind).items():
            demand(fits(hint)(getattr(self, name)), "holds what does not belong there", name)
        is_hash = len(self.game) == 64 and set(self.game) <= set("0123456789abcdef")
        demand(is_hash, "is not a SHA-256 in lower-case hexadecimal", "game")
        require_precision(self.precision)
        places = [(node.step, node.state) for node in self.nodes]
        ascend = places == sorted(places if self.kind == "history" else set(places))
        demand(ascend, "are not in ascending order of (step, state)", "nodes")
        for node in self.nodes:
            _check_node(node, f"node ({node.step}, {node.state})")
        fits_kind = self.kind in COVERED or (self.slopes, self.cover) == ((), ())
        demand(fits_kind, "slopes and cover are for farsighted nodes", "certificate")
        if self.kind in COVERED:
            _check_complete([isinstance(entry, Part) for entry in self.cover], "cover")
        for i, entry in enumerate(self.cover):
            for claim in [x for x in getattr(entry, "claims", ()) if isinstance(x, Claim)]:
                _check_claim(claim, f"cover[{i}]")

    @property
    def kind(self) -> str:
        """What the nodes are: one of KINDS."""
        first = type(self.nodes[0]) if type(self.nodes) is tuple and self.nodes else Node
        return next((name for name, kind in KINDS.items() if kind is first), "myopic")

    def document(self) -> dict[str, object]:
        """What is in its file, in this order."""
        header = {"format": FORMAT, "version": VERSION, "kind": self.kind}
        return header | {name: getattr(self, name) for name in _types(self.kind)}

    @classmethod
    def from_bytes(cls, data: bytes, where: str = "certificate") -> Self:
        """Read a certificate file. Raises FileError, NumberError or CertificateError."""
        try:
            document = parse_json(data, where)
            is_kind = isinstance(document, dict) and document.get("kind") in tuple(KINDS)
            demand(is_kind, f"is no object whose kind is one of {', '.join(KINDS)}", where)
            types = _types(document["kind"])
            document = fields_of(document, ("format", "version", "kind", *types), where)
            check_header(document, FORMAT, VERSION, where)
            return cls(**{name: reader(types[name])(document[name], name) for name in types})
        except GameError as error:
            raise CertificateError(error.what, where=error.where, remedy=error.remedy) from error


def require_precision(bits: object) -> None:
    """Raise CertificateError unless this is a number of bits."""
    what = f"{shown(bits)} bits is not in {MIN_PRECISION}..{MAX_PRECISION}"
    demand(type(bits) is int and MIN_PRECISION <= bits <= MAX_PRECISION, what, "precision")


def _types(kind: str) -> dict[str, Any]:
    """The fields of a kind's document, after its header, with their types."""
    types: dict[str, Any] = {"game": str, "precision": int, "lower": Fraction, "upper": Fraction}
    more = {"slopes": tuple[tuple[Slope, ...], ...], "cover": Cover} if kind in COVERED else {}
    return types | {"nodes": GenericAlias(tuple, (KINDS[kind], ...))} | more


def _check_node(node: AnyNode, where: str) -> None:
    lotteries = (lottery for draws in getattr(node, "after", ()) for _, lottery in draws)
    for distribution in (*node.policy, *lotteries):
        _check_distribution(distribution, where)
    for tree in getattr(node, "trees", ()):
        _check_tree(tree, where)
    positive = all(mu >= 0 for row in getattr(node, "duals", ()) for mu in row)
    demand(positive, "a dual is negative", where)


def _check_distribution(distribution: Distribution, where: str) -> None:
    actions = [a for a, _ in distribution]
    ascend = actions == sorted(set(actions)) and all(a >= 0 for a in actions)
    demand(ascend, "a distribution's entries do not ascend", where)
    demand(all(p.numerator > 0 for _, p in distribution), "a probability is not positive", where)
    what = f"probabilities have a common denominator of over {MAX_COMMON_BITS} bits"
    for common in accumulate((p.denominator for _, p in distribution), lcm, initial=1):
        demand(common.bit_length() <= MAX_COMMON_BITS, what, where)
    total = sum(p.numerator * (common // p.denominator) for _, p in distribution)
    demand(total == common, "probabilities do not sum to 1", where)


def _check_complete(leaves: Sequence[bool], where: str) -> None:
    """In preorder every part is divided or a leaf, once."""
    missing = 1
    for is_leaf in leaves:
        demand(missing, "a tree goes on after its last leaf", where)
        missing += -1 if is_leaf else 1
    demand(missing == 0, f"a tree lacks {missing} leaves", where)


def _check_claim(claim: Claim, where: str) -> None:
    entries = claim.divisions or (len(claim.pieces),)
    _check_complete([isinstance(entry, int) for entry in entries], where)
    counts = [entry for entry in entries if isinstance(entry, int)]
    last = [*accumulate(counts)]  # a piece of each region, from 1
    fits = min(counts) > 0 and last[-1] == len(claim.pieces) and claim.free in (0, 1)
    what = "a claim needs free = 0 or 1, and in each region pieces of which the last has no end"
    demand(fits and all(claim.pieces[k - 1].end is None for k in last), what, where)
    for tree in [tree for piece in claim.pieces for tree in piece.trees]:
        _check_tree(tree, where)


def _check_tree(tree: Tree, where: str) -> None:
    _check_complete([isinstance(entry, Leaf) for entry in tree], where)
    for entry in tree:
        if isinstance(entry, Split):
            is_edge = entry.i != entry.j and min(entry.i, entry.j) >= 0
            demand(is_edge, f"[{entry.i}, {entry.j}] is no edge", where)
        for majorant in getattr(entry, "majorants", ()):
            tag, size = ("", majorant + 1) if isinstance(majorant, int) else majorant
            if tag not in ("", UP, DOWN, CHORD) or size.numerator <= 0:
                raise CertificateError(f"{shown(majorant)} is no majorant", where=where)
