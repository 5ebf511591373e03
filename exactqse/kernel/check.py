"""The checker: from a game and a certificate, and nothing else, to a verdict.

It re-derives both inequalities of ``lower <= J(policy) <= J* <= upper`` in outward-rounded integer
arithmetic (proofs/certificate-soundness.md):

* upper: at every reachable (h, s) the joint majorants at lambda = the node's upper value, with y
  from the upper values of step h+1, sum to at most 0: over the cells of the partition that the
  leader sees, the largest sum at a corner of a leaf of the cell's tree; then W_h(s) <= lambda
  (proofs/joint-majorant.md; from step to step, proofs/propagation.md).
* lower: the policy is evaluated backward in intervals.

Outcomes: *accepted*, both hold; *rejected*, one is shown to fail; *inconclusive*, neither
could be shown at this precision. Malformed input (proofs/certificate-format.md), or nodes that
are not the reachable ones (proofs/reachability.md), raise; they get no verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from exactqse.errors import CertificateError, NotCoveredError, at_least, between, of_kind, shown
from exactqse.kernel.certificate import (
    DOWN,
    MAX_PRECISION,
    MIN_PRECISION,
    Certificate,
    Majorant,
    Node,
    Split,
    Tree,
)
from exactqse.kernel.elementary import INTEGER, MAX_EXPONENT, Elementary
from exactqse.kernel.game import KernelGame, require_game
from exactqse.kernel.gamefile import game_hash
from exactqse.kernel.interval import Interval, enclose, halfway, lower, scale, upper
from exactqse.kernel.operators import (
    continuation,
    initial_mean,
    policy_values,
    scaled_reward,
)

Outcome = Literal["accepted", "rejected", "inconclusive"]
_Place = tuple[Node, int, int, int]  # node, leaf, corner, follower action
_Point = tuple[Interval, Interval]  # z = x - shift and d = y - lambda


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found.

    Attributes:
        outcome: "accepted", "rejected" or "inconclusive".
        lower, upper: the proved bounds of J*, lower also of J(policy); None unless accepted.
        reason: what was proved, or which inequality failed, where and by how much.
        precision: the fractional bits used.
        arithmetic: whose exp and log: "kernel", or the name of a stand-in.
    """

    outcome: Outcome
    lower: Fraction | None
    upper: Fraction | None
    reason: str
    precision: int
    arithmetic: str

    def __bool__(self) -> bool:
        """True only when accepted."""
        return self.outcome == "accepted"


class _FailureError(Exception):
    def __init__(self, outcome: Outcome, reason: str) -> None:
        self.outcome: Outcome = outcome
        super().__init__(reason)


def check(
    game: KernelGame,
    certificate: Certificate,
    *,
    precision: int | None = None,
    elementary: Elementary = INTEGER,
) -> Verdict:
    """Check a certificate against its game.

    Args:
        game: the game; its content hash must be the certificate's.
        certificate: the claim.
        precision: fractional bits of the arithmetic, the certificate's own by default.
        elementary: exp and log, the kernel's own by default.

    Raises:
        KindError, CertificateError: no certificate, another game's, or one that does not fit it.
        NotCoveredError: a game for which this checker has no theorem.
    """
    require_covered(game)
    remedy = "take that of a solution, or read one with Certificate.load"
    of_kind(certificate, Certificate, "a certificate", where="certificate", remedy=remedy)
    of_kind(elementary, Elementary, "an object with exp and log", where="elementary")
    certificate.revalidate()
    p = certificate.precision if precision is None else precision
    if type(p) is not int:
        raise CertificateError(f"{shown(p)} is not an int", where="precision")
    if not MIN_PRECISION <= p <= MAX_PRECISION:
        what = f"{shown(p)} bits is not in {MIN_PRECISION}..{MAX_PRECISION}"
        raise CertificateError(what, where="precision")
    if certificate.game != game_hash(game):
        remedy = "give the game file that it was made for"
        what = f"certificate is of the game {certificate.game[:12]}..., not of this one"
        raise CertificateError(what, where="game", remedy=remedy)
    _require_shape(game, certificate)
    try:
        _check_upper(game, certificate, p, elementary)
        _check_lower(game, certificate, p, elementary)
    except _FailureError as failure:
        return Verdict(failure.outcome, None, None, str(failure), p, elementary.name)
    reason = f"proved lower <= J(policy) <= J* <= upper over {len(certificate.nodes)} nodes"
    bounds = certificate.lower, certificate.upper
    return Verdict("accepted", *bounds, reason, p, elementary.name)


def require_covered(game: KernelGame) -> None:
    """Raise NotCoveredError unless gamma = 0 and eta is finite."""
    require_game(game)
    missing = [
        text
        for holds, text in (
            (game.gamma == 0, f"gamma = {game.gamma} > 0"),
            (game.eta is not None, "eta = infinity"),
        )
        if not holds
    ]
    if missing:
        remedy = "the covered case is gamma = 0, finite eta"
        raise NotCoveredError(f"not covered yet: {', '.join(missing)}", remedy=remedy)


def _require_shape(game: KernelGame, certificate: Certificate) -> None:
    places = [(h, s) for h, layer in enumerate(game.reachable) for s in layer]
    given = [(node.step, node.state) for node in certificate.nodes]
    if given != places:
        odd = min(set(places) ^ set(given), default=None)
        what = "nodes are not the reachable (step, state) in ascending order"
        raise CertificateError(f"{what}, see {odd}" if odd else what, where="nodes")
    sizes = [len(cell) for cell in game.observes]
    for node in certificate.nodes:
        where = f"node ({node.step}, {node.state})"
        if len(node.policy) != len(sizes) or len(node.trees) != len(sizes):
            what = f"needs {len(sizes)} distributions and trees"
            raise CertificateError(what, where=where)
        if any(a >= game.leader_actions for row in node.policy for a, _ in row):
            raise CertificateError("the policy names an unknown leader action", where=where)
        for size, tree in zip(sizes, node.trees, strict=True):
            for entry in tree:
                if isinstance(entry, Split):
                    if max(entry.i, entry.j) >= game.leader_actions:
                        what = f"[{entry.i}, {entry.j}] is no edge"
                        raise CertificateError(what, where=where)
                elif len(entry.majorants) != size:
                    raise CertificateError(f"a leaf needs {size} majorants", where=where)


def _check_upper(
    game: KernelGame, certificate: Certificate, p: int, elementary: Elementary
) -> None:
    after: list[Interval] = []
    layer: list[Interval] = [(0, 0)] * game.states
    for i in reversed(range(len(certificate.nodes))):
        node = certificate.nodes[i]
        layer[node.state] = enclose(node.upper.numerator, node.upper.denominator, p)
        _check_node(game, node, after, p, elementary)
        if i == 0 or certificate.nodes[i - 1].step < node.step:
            after, layer = layer, [(0, 0)] * game.states
    first = {node.state: node.upper for node in certificate.nodes if node.step == 0}
    pairs = zip(game.rho.states, game.rho.numerators, strict=True)
    total = sum((first[s] * n for s, n in pairs), Fraction(0)) / game.rho.denominator
    if total > certificate.upper:
        excess = at_least(total - certificate.upper)
        raise _FailureError("rejected", f"upper is less than the mean of step 0, by {excess}")


def _check_node(
    game: KernelGame, node: Node, after: list[Interval], p: int, elementary: Elementary
) -> None:
    """The sum over the cells of the largest sum of majorants must be at most 0."""
    value = enclose(node.upper.numerator, node.upper.denominator, p)
    low = high = 0
    places = []
    for cell, tree in zip(game.observes, node.trees, strict=True):
        corners = [
            [_point(game, node, (a, b), value, after, p) for b in cell]
            for a in range(game.leader_actions)
        ]
        bound, worst = _tree_bound(node, cell, tree, corners, p, elementary)
        low, high = low + bound[0], high + bound[1]
        places.append(worst)
    where = f"upper bound at step {node.step}, state {node.state}"
    if low > 0:
        reason = f"the majorants sum to {at_least(lower((low, high), p))} > 0"
        place = f"(leaf, corner) {places} of the cells {list(map(list, game.observes))}"
        raise _FailureError("rejected", f"{where}: {reason} at {place}")
    if high > 0:
        ends = between(lower((low, high), p), upper((low, high), p))
        reason = f"{where}: the sum of the majorants is in {ends}; raise the precision"
        raise _FailureError("inconclusive", reason)


def _point(
    game: KernelGame,
    node: Node,
    actions: tuple[int, int],
    value: Interval,
    after: list[Interval],
    p: int,
) -> _Point:
    """(x - shift, y - lambda) of a pure action a after b."""
    a, b = actions
    x = scaled_reward(game, node.step, node.state, a, b, p)
    y = continuation(game, node.step, node.state, a, b, after, p)
    shift = node.shift << p
    return (x[0] - shift, x[1] - shift), (y[0] - value[1], y[1] - value[0])


def _tree_bound(
    node: Node,
    cell: tuple[int, ...],
    tree: Tree,
    corners: list[list[_Point]],
    p: int,
    elementary: Elementary,
) -> tuple[Interval, tuple[int, int]]:
    """The largest sum of majorants at a corner of a leaf, and (leaf, corner) where it is."""
    parts = [corners]
    bounds: list[tuple[int, int, tuple[int, int]]] = []
    leaf = 0
    for entry in tree:
        part = parts.pop()
        if isinstance(entry, Split):
            i, j = entry.i, entry.j
            ends = zip(part[i], part[j], strict=True)
            middle = [(halfway(z, t), halfway(d, e)) for (z, d), (t, e) in ends]
            parts.append([*part[:j], middle, *part[j + 1 :]])
            parts.append([*part[:i], middle, *part[i + 1 :]])
            continue
        delta = entry.shift << p
        for k, points in enumerate(part):
            low = high = 0
            for b, (z, d), majorant in zip(cell, points, entry.majorants, strict=True):
                point = (z[0] - delta, z[1] - delta), d
                g = _majorant(majorant, point, p, elementary, (node, leaf, k, b))
                low, high = low + g[0], high + g[1]
            if delta and high <= 0:
                low = high = 0  # at another scale: all that is used is the sign
            elif delta:
                kind: Outcome = "rejected" if low > 0 else "inconclusive"
                raise _failure(kind, (node, leaf, k, b), "the majorants' sum is not at most 0")
            bounds.append((low, high, (leaf, k)))
        leaf += 1
    low, _, place = max(bounds)
    return (low, max(high for _, high, _ in bounds)), place


def _majorant(
    majorant: Majorant,
    point: _Point,
    p: int,
    elementary: Elementary,
    place: _Place,
) -> Interval:
    """The majorant of e^z d, for z = x - shift and d = y - lambda.

    up:    s exp(z + d/s - 1)
    down: -kappa (1 + z + ln(-d/kappa)), for d < 0
    """
    tag, parameter = majorant
    z, d = point
    above, below = parameter.numerator, parameter.denominator
    one = 1 << p
    if tag == DOWN:
        if d[0] >= 0:
            raise _failure("rejected", place, "down needs y < upper")
        if d[1] >= 0:
            raise _failure("inconclusive", place, "y < upper is undecided; raise the precision")
        log = _log(elementary, (-d[1], -d[0]), one, p)
        own = _log(elementary, (above, above), below, p)
        return scale((one + z[0] + log[0] - own[1], one + z[1] + log[1] - own[0]), -above, below)
    ratio = scale(d, below, above)
    exponent = z[0] + ratio[0] - one, z[1] + ratio[1] - one
    if exponent[0] >> p >= MAX_EXPONENT:
        raise _failure("rejected", place, f"its exponent exceeds {MAX_EXPONENT}")
    if exponent[1] >> p >= MAX_EXPONENT:
        raise _failure("inconclusive", place, f"its exponent may exceed {MAX_EXPONENT}")
    return scale(elementary.exp(exponent, p), above, below)


@lru_cache(maxsize=1 << 16)  # corners are shared by leaves, kappa by the corners of a leaf
def _log(elementary: Elementary, numerator: Interval, denominator: int, p: int) -> Interval:
    return elementary.log(numerator, denominator, p)


def _failure(outcome: Outcome, place: _Place, reason: str) -> _FailureError:
    node, leaf, corner, b = place
    where = f"step {node.step}, state {node.state}, leaf {leaf}, corner {corner}"
    return _FailureError(outcome, f"majorant at {where}, follower action {b}: {reason}")


def _check_lower(
    game: KernelGame, certificate: Certificate, p: int, elementary: Elementary
) -> None:
    values = policy_values(game, certificate.nodes, p, elementary)
    lo, hi, denominator = initial_mean(game, values)
    unit = denominator << p
    if Fraction(hi, unit) < certificate.lower:
        shortfall = at_least(certificate.lower - Fraction(hi, unit))
        raise _FailureError("rejected", f"lower exceeds J(policy) by {shortfall}")
    if Fraction(lo, unit) < certificate.lower:
        ends = between(Fraction(lo, unit), Fraction(hi, unit))
        reason = f"lower <= J(policy) is undecided, J(policy) in {ends}; raise the precision"
        raise _FailureError("inconclusive", reason)
