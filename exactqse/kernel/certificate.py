"""The certificate: what a search claims, with every hint that the checker needs.

For a myopic follower (gamma = 0, finite eta) and any partition of his actions that the leader sees:
per reachable (step, state), in ascending order, a node with an upper bound of the value, an integer
shift that scales the exponentials, and per cell of the partition the policy, a distribution over A,
and a tree. A tree divides the simplex over A by halving edges; a leaf has one tag and one positive
rational per follower action of the cell (the joint majorant, proofs/joint-majorant.md).

The reader is strict: exactly these fields, numbers as exact strings, nothing missing, duplicated or
unknown (proofs/certificate-format.md). It says nothing about truth: only ``check`` does.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from exactqse.errors import CertificateError, GameError
from exactqse.kernel.files import canonical_json, parse_json, read_bytes, write_bytes
from exactqse.kernel.gamefile import check_header, fields_of, index_of, list_of, natural, number
from exactqse.kernel.numbers import format_rational

FORMAT = "exactqse-certificate"
VERSION = 1
KIND = "myopic"
UP, DOWN = "up", "down"
MIN_PRECISION, MAX_PRECISION = 16, 1 << 16

Distribution = tuple[tuple[int, Fraction], ...]  # ascending actions, positive, summing to 1
Majorant = tuple[str, Fraction]  # ("up", s) or ("down", kappa)
_FIELDS = ("format", "version", "kind", "game", "precision", "lower", "upper", "nodes")
_NODE_FIELDS = ("step", "state", "upper", "shift", "policy", "trees")


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


Tree = tuple[Split | Leaf, ...]  # a binary tree in preorder


@dataclass(frozen=True, slots=True)
class Node:
    """The claim at one (step, state): no prescription is worth more than ``upper`` there."""

    step: int
    state: int
    upper: Fraction
    shift: int
    policy: tuple[Distribution, ...]  # [cell]
    trees: tuple[Tree, ...]  # [cell]

    def __post_init__(self) -> None:
        where = f"node ({self.step}, {self.state})"
        _require_types(where, (self.step, self.state, self.shift), (self.upper,))
        for distribution in self.policy:
            _check_distribution(distribution, where)
        for tree in self.trees:
            _check_tree(tree, where)


def _check_distribution(distribution: Distribution, where: str) -> None:
    actions = [a for a, _ in distribution]
    _require_types(where, actions, (p for _, p in distribution))
    if actions != sorted(set(actions)) or any(a < 0 for a in actions):
        raise CertificateError("the policy's actions do not ascend", where=where)
    if any(p <= 0 for _, p in distribution):
        raise CertificateError("a probability of the policy is not positive", where=where)
    if sum(p for _, p in distribution) != 1:
        raise CertificateError("the policy's probabilities do not sum to 1", where=where)


def _check_tree(tree: Tree, where: str) -> None:
    """Every part of the simplex is divided or bounded once, by positive parameters."""
    missing = 1
    for entry in tree:
        if missing == 0:
            raise CertificateError("a tree goes on after its last leaf", where=where)
        if isinstance(entry, Split):
            _require_types(where, (entry.i, entry.j), ())
            if entry.i == entry.j or min(entry.i, entry.j) < 0:
                raise CertificateError(f"[{entry.i}, {entry.j}] is no edge", where=where)
            missing += 1
            continue
        if not isinstance(entry, Leaf):
            raise CertificateError("a tree holds Split and Leaf entries only", where=where)
        missing -= 1
        _require_types(where, (entry.shift,), (parameter for _, parameter in entry.majorants))
        for tag, parameter in entry.majorants:
            if tag not in (UP, DOWN):
                raise CertificateError(f"unknown tag {str(tag)[:40]!r} in a leaf", where=where)
            if parameter <= 0:
                what = f"parameter {parameter} of a leaf is not positive"
                raise CertificateError(what, where=where)
    if missing:
        raise CertificateError(f"a tree lacks {missing} leaves", where=where)


@dataclass(frozen=True, slots=True)
class Certificate:
    """The claim lower <= J(policy) <= J* <= upper about the game with this hash.

    ``precision`` is the number of fractional bits at which the search found it checkable.
    """

    game: str
    precision: int
    lower: Fraction
    upper: Fraction
    nodes: tuple[Node, ...]

    def __post_init__(self) -> None:
        _require_types("certificate", (self.precision,), (self.lower, self.upper))
        if len(self.game) != 64 or set(self.game) - set("0123456789abcdef"):
            raise CertificateError("is not a SHA-256 in lower-case hexadecimal", where="game")
        if not MIN_PRECISION <= self.precision <= MAX_PRECISION:
            what = f"{self.precision} bits is not in {MIN_PRECISION}..{MAX_PRECISION}"
            raise CertificateError(what, where="precision")
        places = [(node.step, node.state) for node in self.nodes]
        if places != sorted(set(places)):
            raise CertificateError("are not in ascending order of (step, state)", where="nodes")

    def revalidate(self) -> None:
        """Enforce every rule again, on values that cannot change after it. CertificateError."""
        tables = [table for node in self.nodes for table in (node.policy, node.trees)]
        entries = [x for node in self.nodes for tree in node.trees for x in tree]
        leaves = [x.majorants for x in entries if isinstance(x, Leaf)]
        rows: list[Any] = [*(row for table in tables for row in table), *leaves]
        rows += [x for node in self.nodes for distribution in node.policy for x in distribution]
        fixed = (self.nodes, *tables, *rows, *(pair for leaf in leaves for pair in leaf))
        if (
            type(self) is not Certificate
            or any(type(node) is not Node for node in self.nodes)
            or any(type(x) not in (Split, Leaf) for x in entries)
            or any(type(x) is not tuple for x in fixed)
        ):
            what = "needs Certificate, Node and tuple values, no subclasses or lists"
            raise CertificateError(what, where="certificate")
        self.__post_init__()
        for node in self.nodes:
            node.__post_init__()

    def to_bytes(self) -> bytes:
        """The canonical certificate file."""
        return canonical_json(
            {
                "format": FORMAT,
                "version": VERSION,
                "kind": KIND,
                "game": self.game,
                "precision": self.precision,
                "lower": format_rational(self.lower),
                "upper": format_rational(self.upper),
                "nodes": [_node_document(node) for node in self.nodes],
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes, where: str = "certificate") -> Certificate:
        """Read a certificate file. Raises FileError, NumberError or CertificateError."""
        try:
            return _read(data, where)
        except GameError as error:
            raise CertificateError(error.what, where=error.where, remedy=error.remedy) from error

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the canonical file. Raises FileError."""
        write_bytes(path, self.to_bytes())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Certificate:
        """Read a certificate file. Raises InputError."""
        return cls.from_bytes(read_bytes(path), str(path))


def _require_types(where: str, integers: Iterable[int], rationals: Iterable[Fraction]) -> None:
    """Raise CertificateError unless these are ints and Fractions: a float would compare untruly."""
    if not all(type(n) is int for n in integers) or not all(type(q) is Fraction for q in rationals):
        raise CertificateError("needs int and Fraction values, no other types", where=where)


def _node_document(node: Node) -> dict[str, object]:
    return {
        "step": node.step,
        "state": node.state,
        "upper": format_rational(node.upper),
        "shift": str(node.shift),
        "policy": [{a: format_rational(p) for a, p in by_b} for by_b in node.policy],
        "trees": [[_entry_document(entry) for entry in tree] for tree in node.trees],
    }


def _entry_document(entry: Split | Leaf) -> list[object]:
    if isinstance(entry, Split):
        return [entry.i, entry.j]
    return [entry.shift, *([tag, format_rational(value)] for tag, value in entry.majorants)]


def _read(data: bytes, where: str) -> Certificate:
    document = fields_of(parse_json(data, where), _FIELDS, where)
    check_header(document, FORMAT, VERSION, where)
    if document["kind"] != KIND:
        raise GameError(f"kind is not {KIND!r}", where=where)
    game = document["game"]
    if not isinstance(game, str):
        raise GameError("is not a string", where="game")
    precision = natural(document["precision"], "precision")
    nodes = tuple(
        _read_node(value, f"nodes[{i}]")
        for i, value in enumerate(list_of(document["nodes"], "nodes"))
    )
    lower, upper = number(document["lower"], "lower"), number(document["upper"], "upper")
    return Certificate(game, precision, lower, upper, nodes)


def _read_node(value: Any, where: str) -> Node:
    node = fields_of(value, _NODE_FIELDS, where)
    shift = number(node["shift"], f"{where}.shift")
    if shift.denominator != 1:
        raise GameError(f"{shift} is not an integer", where=f"{where}.shift")
    return Node(
        step=natural(node["step"], f"{where}.step"),
        state=natural(node["state"], f"{where}.state"),
        upper=number(node["upper"], f"{where}.upper"),
        shift=shift.numerator,
        policy=tuple(
            _read_distribution(row, f"{where}.policy[{c}]")
            for c, row in enumerate(list_of(node["policy"], f"{where}.policy"))
        ),
        trees=tuple(
            tuple(
                _read_entry(entry, f"{where}.trees[{c}][{i}]")
                for i, entry in enumerate(list_of(tree, f"{where}.trees[{c}]"))
            )
            for c, tree in enumerate(list_of(node["trees"], f"{where}.trees"))
        ),
    )


def _read_distribution(value: Any, where: str) -> Distribution:
    if not isinstance(value, dict):
        raise GameError("is not an object from action to probability", where=where)
    return tuple(sorted((index_of(a, where), number(p, f"{where}.{a}")) for a, p in value.items()))


def _read_entry(value: Any, where: str) -> Split | Leaf:
    first, *rest = list_of(value, where) or [None]
    number = natural(first, where, least=None)
    if len(rest) == 1 and not isinstance(rest[0], list):
        return Split(number, natural(rest[0], where))
    return Leaf(tuple(_read_majorant(pair, where) for pair in rest), number)


def _read_majorant(value: Any, where: str) -> Majorant:
    pair = list_of(value, where)
    if len(pair) != 2 or not isinstance(pair[0], str):
        raise GameError(f'is not ["{UP}", s] or ["{DOWN}", kappa]', where=where)
    return pair[0], number(pair[1], where)
