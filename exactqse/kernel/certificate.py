"""The certificate: what a search claims, with every hint that the checker needs.

For a myopic follower who is answered by a prescription (gamma = 0, finite eta, the leader sees the
action). Per reachable (step, state), in ascending order, a node with: an upper bound of the value;
an integer
shift that scales the exponentials; the policy, one distribution over A per follower action; the
leaf, one
tag and one positive rational per follower action (the joint majorant, proofs/joint-majorant.md).

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
KIND = "prescription"
UP, DOWN = "up", "down"
MIN_PRECISION, MAX_PRECISION = 16, 1 << 16

Distribution = tuple[tuple[int, Fraction], ...]  # ascending actions, positive, summing to 1
_FIELDS = ("format", "version", "kind", "game", "precision", "lower", "upper", "nodes")
_NODE_FIELDS = ("step", "state", "upper", "shift", "policy", "leaf")


@dataclass(frozen=True, slots=True)
class Node:
    """The claim at one (step, state): no prescription is worth more than ``upper`` there."""

    step: int
    state: int
    upper: Fraction
    shift: int
    policy: tuple[Distribution, ...]  # [b]
    leaf: tuple[tuple[str, Fraction], ...]  # [b], ("up", s) or ("down", kappa)

    def __post_init__(self) -> None:
        where = f"node ({self.step}, {self.state})"
        _require_types(where, (self.step, self.state, self.shift), (self.upper,))
        for by_b in self.policy:
            actions = [a for a, _ in by_b]
            _require_types(where, actions, (p for _, p in by_b))
            if actions != sorted(set(actions)) or any(a < 0 for a in actions):
                raise CertificateError("the policy's actions do not ascend", where=where)
            if any(p <= 0 for _, p in by_b):
                raise CertificateError("a probability of the policy is not positive", where=where)
            if sum(p for _, p in by_b) != 1:
                raise CertificateError("the policy's probabilities do not sum to 1", where=where)
        _require_types(where, (), (parameter for _, parameter in self.leaf))
        for tag, parameter in self.leaf:
            if tag not in (UP, DOWN):
                raise CertificateError(f"unknown tag {str(tag)[:40]!r} in the leaf", where=where)
            if parameter <= 0:
                what = f"parameter {parameter} of the leaf is not positive"
                raise CertificateError(what, where=where)


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
        tables = [part for node in self.nodes for part in (node.policy, node.leaf)]
        pairs = [pair for table in tables for pair in table]
        inner = [x for node in self.nodes for by_b in node.policy for x in by_b]
        if (
            type(self) is not Certificate
            or any(type(node) is not Node for node in self.nodes)
            or any(type(x) is not tuple for x in (self.nodes, *tables, *pairs, *inner))
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
        "leaf": [[tag, format_rational(value)] for tag, value in node.leaf],
    }


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
            _read_distribution(by_b, f"{where}.policy[{b}]")
            for b, by_b in enumerate(list_of(node["policy"], f"{where}.policy"))
        ),
        leaf=tuple(
            _read_majorant(pair, f"{where}.leaf[{b}]")
            for b, pair in enumerate(list_of(node["leaf"], f"{where}.leaf"))
        ),
    )


def _read_distribution(value: Any, where: str) -> Distribution:
    if not isinstance(value, dict):
        raise GameError("is not an object from action to probability", where=where)
    return tuple(sorted((index_of(a, where), number(p, f"{where}.{a}")) for a, p in value.items()))


def _read_majorant(value: Any, where: str) -> tuple[str, Fraction]:
    pair = list_of(value, where)
    if len(pair) != 2 or not isinstance(pair[0], str):
        raise GameError(f'is not ["{UP}", s] or ["{DOWN}", kappa]', where=where)
    return pair[0], number(pair[1], where)
