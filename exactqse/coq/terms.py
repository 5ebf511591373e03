"""Games and certificates as terms of proofs/coq: of Game.v, of Certificate.v and Strong.v.

The terms say what the Python objects say, number by number; only distributions are rewritten, over
their common denominator, and trees stay the flat lists in preorder that they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import groupby
from math import lcm
from typing import Any

from exactqse.errors import NotCoveredError
from exactqse.kernel.certificate import (
    CHORD,
    DOWN,
    UP,
    Certificate,
    Distribution,
    Leaf,
    Majorant,
    Node,
    Split,
    StrongNode,
    Tree,
)
from exactqse.kernel.game import KernelGame, Row

_NAMES = {UP: "HUp", DOWN: "HDown", CHORD: "HDown"}
GUARD_BITS = 20  # that Coq's tables may lose, on top of the certificate's precision
MANY_LEAVES = 100  # that take as long to check as a second set of tables takes to make


def table_term(game: KernelGame) -> str:
    """The game, a ``table``."""
    return (
        f"Table {game.horizon} {game.states} {game.leader_actions} {game.follower_actions}\n"
        f"  {_row(game.rho)}\n"
        f"  {_nested(game.P, _row)}\n"
        f"  {_nested(game.u, rational)}\n"
        f"  {_nested(game.r, rational)}\n"
        f"  {_eta(game)} {rational(game.gamma)}\n"
        f"  {listed(listed(map(str, cell)) for cell in game.observes)}%nat"
    )


def certificate_term(certificate: Certificate, precision: int, fineness: int) -> str:
    """The certificate of a myopic follower's game, a ``certificate``.

    ``precision`` bits are for the upper bound, where leaves are tried at ``roughness`` of them
    first, and ``fineness`` for the policy's value.
    """
    layers = groupby(certificate.nodes, lambda node: node.step)
    nodes = listed((listed(map(_node, layer), "\n  ") for _, layer in layers), "\n ")
    bounds = f"{rational(certificate.lower)} {rational(certificate.upper)}"
    rough = f"{listed(map(str, roughness(certificate, precision)))}%Z"
    bits = f"{rough} {precision + GUARD_BITS} {fineness + GUARD_BITS}"
    return f"Certificate {bits} {bounds}\n {nodes}"


def roughness(certificate: Certificate, precision: int) -> tuple[int, ...]:
    """The fewer bits at which Coq tries leaves first: none where tables take longer than leaves.

    Only a matter of time, as ``precision`` is: what fewer bits do not decide, all of them do.
    """
    nodes = (node for node in certificate.nodes if isinstance(node, Node))
    entries = (entry for node in nodes for tree in node.trees for entry in tree)
    leaves = sum(isinstance(entry, Leaf) for entry in entries)
    return (precision * 3 // 4,) if leaves >= MANY_LEAVES else ()


def strong_certificate_term(certificate: Certificate) -> str:
    """The certificate of a best-responding follower's game, a ``strong_certificate``."""
    layers = groupby(certificate.nodes, lambda node: node.step)
    nodes = listed((listed(map(_strong_node, layer), "\n  ") for _, layer in layers), "\n ")
    return (
        f"StrongCertificate {rational(certificate.lower)} {rational(certificate.upper)}\n {nodes}"
    )


def rational(value: Fraction) -> str:
    """A fraction as a Q."""
    return f"({value.numerator} # {value.denominator})"


def _eta(game: KernelGame) -> str:
    return "None" if game.eta is None else f"(Some {rational(game.eta)})"


def integer(value: int) -> str:
    """An integer as a Z."""
    return str(value) if value >= 0 else f"({value})"


def listed(items: Iterable[str], separator: str = " ") -> str:
    """A list."""
    return "[" + f";{separator}".join(items) + "]"


def _nested(table: Sequence[Any], entry: Callable[[Any], str]) -> str:
    """[1 or H][s][a][b]."""
    steps = (
        listed(
            (listed((listed(map(entry, by_b)) for by_b in by_a), "\n    ") for by_a in step),
            "\n   ",
        )
        for step in table
    )
    return listed(steps, "\n  ")


def _row(row: Row) -> str:
    return _weights(row.denominator, zip(row.states, row.numerators, strict=True))


def _weights(denominator: int, pairs: Iterable[tuple[int, int]]) -> str:
    places = listed(f"place {t} {n}" for t, n in pairs)
    return f"(Row {denominator} {places})"


def distribution(chances: Distribution) -> str:
    """A row, over the common denominator."""
    common = lcm(*(p.denominator for _, p in chances))
    numerators = ((a, p.numerator * (common // p.denominator)) for a, p in chances)
    return _weights(common, numerators)


def _node(node: Any) -> str:
    if not isinstance(node, Node):
        raise NotCoveredError(f"a node of type {type(node).__name__}")
    plan = listed(map(distribution, node.policy))
    trees = listed(map(_tree, node.trees), "\n    ")
    head = f"Node {node.state} {rational(node.upper)} {integer(node.shift)}"
    return f"{head} {plan}\n   {trees}"


def _strong_node(node: Any) -> str:
    if not isinstance(node, StrongNode):
        raise NotCoveredError(f"a node of type {type(node).__name__}")
    plan = listed(map(distribution, node.policy))
    duals = listed(listed(map(rational, row)) for row in node.duals)
    return f"StrongNode {node.state} {rational(node.upper)} {plan}\n   {duals}"


def _tree(tree: Tree) -> str:
    return listed(map(_entry, tree), "\n     ")


def _entry(entry: Leaf | Split) -> str:
    if isinstance(entry, Split):
        return f"ESplit {entry.i} {entry.j}"
    return f"ELeaf {listed(map(_hint, entry.majorants))} {integer(entry.shift)}"


def _hint(majorant: Majorant) -> str:
    """A chord is the same as "down" where nothing is free, and nothing is in a myopic game."""
    if isinstance(majorant, int):
        return f"HTouch {majorant}"
    tag, parameter = majorant
    return f"{_NAMES[tag]} {parameter.numerator} {parameter.denominator}"
