"""Whether a certificate has the form that a game needs (proofs/certificate-format.md)."""

from __future__ import annotations

from exactqse.errors import CertificateError
from exactqse.kernel.certificate import (
    CHORD,
    COVERED,
    DOWN,
    UP,
    AnyNode,
    Certificate,
    HistoryNode,
    Leaf,
    Node,
    Part,
    Split,
    StrongNode,
    Tree,
    ValueSplit,
)
from exactqse.kernel.game import KernelGame


def require_fit(game: KernelGame, certificate: Certificate) -> None:
    """Raise CertificateError unless the certificate is of the form that this game needs."""
    kinds = ("strong",) if game.eta is None else COVERED if game.gamma else ("myopic",)
    if certificate.kind not in kinds:
        what = f"{certificate.kind!r} is not {' or '.join(kinds)}, which this game needs"
        raise CertificateError(what, where="kind")
    given = tuple((node.step, node.state) for node in certificate.nodes)
    if certificate.kind == "history":
        if strange := set(given) - set(game.places):
            what = f"a memory of {min(strange)}, which is not reachable"
            raise CertificateError(what, where="nodes")
    elif given != game.places:
        odd = min(set(game.places) ^ set(given))  # both ascend
        what = f"nodes are not the reachable (step, state) in ascending order, see {odd}"
        raise CertificateError(what, where="nodes")
    for node in certificate.nodes:
        _require_node(game, node, given)
    if certificate.kind in COVERED:
        _require_cover(game, certificate)
    if certificate.kind == "history":
        _require_history(game, certificate)


def _require_node(game: KernelGame, node: AnyNode, given: tuple[tuple[int, int], ...]) -> None:
    where = f"node ({node.step}, {node.state})"
    if len(node.policy) != len(game.observes):
        raise CertificateError(f"needs {len(game.observes)} distributions", where=where)
    if any(a >= game.leader_actions for row in node.policy for a, _ in row):
        raise CertificateError("the policy names an unknown leader action", where=where)
    if isinstance(node, Node):
        _require_trees(game, node.trees, where)
    if isinstance(node, HistoryNode):
        _require_memories(game, node, given, where)
    if isinstance(node, StrongNode):
        B = game.follower_actions
        if [len(row) for row in node.duals] != [B] * B:
            raise CertificateError(f"needs {B} x {B} duals", where=where)


def _require_trees(game: KernelGame, trees: tuple[Tree, ...], where: str) -> None:
    if len(trees) != len(game.observes):
        raise CertificateError(f"needs {len(game.observes)} trees", where=where)
    for cell, tree in zip(game.observes, trees, strict=True):
        for entry in tree:
            if isinstance(entry, Split):
                if max(entry.i, entry.j) >= game.leader_actions:
                    raise CertificateError(f"[{entry.i}, {entry.j}] is no edge", where=where)
                continue
            if len(entry.majorants) != len(cell):
                raise CertificateError(f"a leaf needs {len(cell)} majorants", where=where)
            if any(type(m) is int and m >= game.leader_actions for m in entry.majorants):
                raise CertificateError("a majorant is tangent at no corner", where=where)


def _require_memories(
    game: KernelGame, node: HistoryNode, given: tuple[tuple[int, int], ...], where: str
) -> None:
    """After each b, a memory of each state that may follow."""
    last = node.step == game.horizon - 1
    rows = [] if last else game.at(game.P, node.step)[node.state]
    needed = [sorted({t for row in by_b for t in row.states}) for by_b in zip(*rows, strict=True)]
    if [[t for t, _ in draws] for draws in node.after] != needed:
        raise CertificateError("needs a memory after each b of each next state", where=where)
    for t, lottery in (pair for draws in node.after for pair in draws):
        if any(not i < len(given) or given[i] != (node.step + 1, t) for i, _ in lottery):
            what = f"draws no memory of step {node.step + 1}, state {t}"
            raise CertificateError(what, where=where)


def _require_history(game: KernelGame, certificate: Certificate) -> None:
    """One memory of each first state, and one part in which no transition binds another."""
    first = [node.state for node in certificate.nodes if node.step == 0]
    if first != list(game.reachable[0]):
        raise CertificateError("needs one memory of each state of step 0", where="nodes")
    part = certificate.cover[0]
    if not isinstance(part, Part) or not all(claim.free for claim in part.claims):
        raise CertificateError("needs one part, with free claims", where="cover")
    for (step, _), claim in zip(game.places, part.claims, strict=True):
        leaves = (x for piece in claim.pieces for tree in piece.trees for x in tree)
        majorants = [m for x in leaves if isinstance(x, Leaf) for m in x.majorants]
        if step < game.horizon - 1 and any(isinstance(m, int) or m[0] == DOWN for m in majorants):
            what = f"majorants before the last step are {UP!r} or {CHORD!r}"
            raise CertificateError(what, where="cover")
    if any(slope.others for slope in certificate.slopes[part.slopes]):
        raise CertificateError("slopes name no other places", where=f"slopes[{part.slopes}]")


def _require_cover(game: KernelGame, certificate: Certificate) -> None:
    places = game.places
    for i, table in enumerate(certificate.slopes):
        if len(table) != len(places) or any(
            not 0 <= j < len(places) or places[j][0] <= step
            for slope, (step, _) in zip(table, places, strict=True)
            for j, _ in slope.others
        ):
            what = "needs a slope for each node, which names nodes of later steps only"
            raise CertificateError(what, where=f"slopes[{i}]")
    for i, entry in enumerate(certificate.cover):
        where = f"cover[{i}]"
        if isinstance(entry, ValueSplit):
            if entry.step < 1 or (entry.step, entry.state) not in places:
                raise CertificateError("divides no value of the follower", where=where)
            continue
        if len(entry.claims) != len(places) or not 0 <= entry.slopes < len(certificate.slopes):
            raise CertificateError("needs a claim for each node, and slopes", where=where)
        if any(
            step == 0 and c.pieces[1:] for (step, _), c in zip(places, entry.claims, strict=True)
        ):
            raise CertificateError("step 0 has one piece", where=where)
        for piece in (piece for claim in entry.claims for piece in claim.pieces):
            _require_trees(game, piece.trees, where)
            if any(isinstance(x, Leaf) and x.shift for tree in piece.trees for x in tree):
                raise CertificateError("a leaf is shifted", where=where)
