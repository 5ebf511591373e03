"""Whether a certificate has the form that a game needs (proofs/certificate-format.md)."""

from typing import Any

from exactqse.kernel.certificate import COVERED, DOWN, Certificate, Leaf, MixtureSplit, Part, Split
from exactqse.kernel.codec import demand
from exactqse.kernel.game import KernelGame, Places


def require_fit(game: KernelGame, certificate: Certificate) -> None:
    """Raise CertificateError unless the certificate is of the form that this game needs."""
    kinds = COVERED if game.gamma else ("myopic" if game.eta else "strong",)
    what = f"{certificate.kind!r} is not {' or '.join(kinds)}, which this game needs"
    demand(certificate.kind in kinds, what, "kind")
    given = tuple((node.step, node.state) for node in certificate.nodes)
    reachable = set(game.places)
    fits = set(given) <= reachable if certificate.kind == "history" else given == game.places
    what = "nodes are not the reachable (step, state) in ascending order"
    demand(fits, f"{what}, see {min(set(given) ^ reachable, default=())}", "nodes")
    for node in certificate.nodes:
        _require_node(game, node, certificate.kind, given)
    if certificate.kind in COVERED:
        _require_cover(game, certificate)
    if certificate.kind == "history":
        _require_history(game, certificate)


def _require_node(game: KernelGame, node: Any, kind: str, given: Places) -> None:
    where, cells = f"node ({node.step}, {node.state})", len(game.observes)
    demand(len(node.policy) == cells, f"needs {cells} distributions", where)
    known = all(a < game.leader_actions for row in node.policy for a, _ in row)
    demand(known, "the policy names an unknown leader action", where)
    if kind == "myopic":
        _require_trees(game, node.trees, where)
    if kind == "history":
        _require_memories(game, node, given, where)
    if kind == "strong":
        _require_duals(game, node.duals, where)


def _require_trees(game: KernelGame, trees: Any, where: str) -> None:
    demand(len(trees) == len(game.observes), f"needs {len(game.observes)} trees", where)
    for cell, tree in zip(game.observes, trees, strict=True):
        for entry in tree:
            is_edge = isinstance(entry, Split)
            corners = (entry.i, entry.j) if is_edge else entry.majorants
            fits = is_edge or len(corners) == len(cell)
            demand(fits, f"a leaf needs {len(cell)} majorants", where)
            inside = all(k < game.leader_actions for k in corners if isinstance(k, int))
            demand(inside, "a split or a majorant names an unknown corner", where)


def _require_memories(game: KernelGame, node: Any, given: Places, where: str) -> None:
    """After each b, a memory of each state that may follow."""
    rows = game.at(game.P, node.step)[node.state] if node.step + 1 < game.horizon else []
    needed = [sorted({t for row in by_b for t in row.states}) for by_b in zip(*rows, strict=True)]
    states = [[t for t, _ in draws] for draws in node.after]
    demand(states == needed, "needs a memory after each b of each next state", where)
    for t, lottery in (pair for draws in node.after for pair in draws):
        fits = all(i < len(given) and given[i] == (node.step + 1, t) for i, _ in lottery)
        demand(fits, f"draws no memory of step {node.step + 1}, state {t}", where)


def _require_history(game: KernelGame, certificate: Certificate) -> None:
    """One memory of each first state, and one part in which no transition binds another."""
    first = [node.state for node in certificate.nodes if node.step == 0]
    demand(first == [*game.reachable[0]], "needs one memory of each state of step 0", "nodes")
    part: Any = certificate.cover[-1]
    claims = part.claims if game.eta else ()
    free = not certificate.cover[1:] and all(claim.free for claim in claims)
    demand(free, "needs one part, with free claims", "cover")
    for (step, _), claim in zip(game.places, claims, strict=False):
        leaves = (x for piece in claim.pieces for tree in piece.trees for x in tree)
        majorants = [m for x in leaves if isinstance(x, Leaf) for m in x.majorants]
        rising = all(not isinstance(m, int) and m[0] != DOWN for m in majorants)
        demand(rising or step == game.horizon - 1, "needs 'up' or 'chord' before the end", "cover")


def _require_cover(game: KernelGame, certificate: Certificate) -> None:
    places, n, B = game.places, len(game.places), game.follower_actions
    for i, table in enumerate(certificate.slopes):
        named = [(k, j) for k, slope in enumerate(table) for j, _ in slope.others]
        fits = len(table) == n and all(0 <= j < n and places[k][0] < places[j][0] for k, j in named)
        demand(fits, "needs a slope for each node, which names later nodes only", f"slopes[{i}]")
    for i, entry in enumerate(certificate.cover):
        where = f"cover[{i}]"
        if not isinstance(entry, Part):
            _require_split(game, entry, where)
            continue
        fits = len(entry.claims) == n and 0 <= entry.slopes < len(certificate.slopes)
        demand(fits, "needs a claim for each node, and slopes", where)
        lean = any(slope.others for slope in certificate.slopes[entry.slopes])
        remembers, what = certificate.kind == "history", "claims are duals just for eta = infinity"
        lines = remembers or any(isinstance(c, tuple) and len(c) > B for c in entry.claims)
        demand(not (lean and remembers), "slopes name no other places", f"slopes[{entry.slopes}]")
        for (step, _), claim in zip(places, entry.claims, strict=True):
            demand(isinstance(claim, tuple) == (game.eta is None), what, where)
            if game.eta is None:
                _require_duals(game, claim, where, lines=lines)
            else:
                _require_claim(game, claim, step, lean or remembers, where)


def _require_split(game: KernelGame, entry: Any, where: str) -> None:
    fits, what = (entry.step, entry.state) in game.places, "divides no value of the follower"
    if isinstance(entry, MixtureSplit):
        ends = {entry.edge.i, entry.edge.j} & {*range(game.leader_actions)}
        fits = fits and len(ends) == 2 and 0 <= entry.cell < len(game.observes)
        what = "divides no mixtures of a game with finite eta"
    demand(fits and (game.eta if isinstance(entry, MixtureSplit) else entry.step), what, where)


def _require_claim(game: KernelGame, claim: Any, step: int, lean: object, where: str) -> None:
    divided = claim.divisions or any(piece.ties for piece in claim.pieces)
    demand(not (lean and divided), "is divided or tied where slopes lean, or she remembers", where)
    splits = [entry for entry in claim.divisions if not isinstance(entry, int)]
    demand(step > 0 or len(claim.pieces) == len(splits) + 1, "step 0 has one piece", where)
    for entry in splits:
        _require_split(game, entry, where)
    for piece in claim.pieces:
        tied = [(step + 1, t) for t in piece.ties]
        fits = tied == sorted(set(tied) & {*game.places})
        demand(fits, "ties are of states of the next step, in ascending order", where)
        _require_trees(game, piece.trees, where)
        leaves = [x for tree in piece.trees for x in tree if isinstance(x, Leaf)]
        bad = any(leaf.shift or (tied and int in map(type, leaf.majorants)) for leaf in leaves)
        demand(not bad, "a leaf is shifted, or touches a corner where a piece is tied", where)


def _require_duals(game: KernelGame, rows: Any, where: str, *, lines: bool = False) -> None:
    """A square; with ``lines`` weights, and below them one for each line, its slope in each row."""
    B = game.follower_actions
    count = max((len(rows) - 1) // B, 1) if lines else 1
    demand([len(row) for row in rows] == [B] * (lines + count * B), f"needs {B} x {B} duals", where)
    if lines:
        own = [row[k % B] for k, row in enumerate(rows[1:])]
        fits = own == [n for n in sorted({*own}) for _ in range(B)] and min(rows[0]) >= 0
        demand(fits and sum(rows[0]) == 1, "needs weights of sum 1, and slopes that rise", where)
