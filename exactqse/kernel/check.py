"""The checker: from a game and a certificate, and nothing else, to a verdict.

It re-derives both inequalities of ``lower <= J(policy) <= J* <= upper`` in outward-rounded integer
arithmetic (proofs/certificate-soundness.md):

* upper: at every reachable (h, s) the joint majorants at lambda = the node's upper value, with y
  from the upper values of step h+1, sum to at most 0: over the cells of the partition that the
  leader sees, the largest sum at a corner of a leaf of the cell's tree; then W_h(s) <= lambda
  (proofs/joint-majorant.md; from step to step, proofs/propagation.md).
* lower: the policy is evaluated backward in intervals.

That is for a myopic follower; ``farsighted`` has another upper bound, ``strong`` does both exactly.

Outcomes: *accepted*, both hold; *rejected*, one is shown to fail; *inconclusive*, neither
could be shown at this precision. Malformed input (proofs/certificate-format.md), or nodes that
are not the reachable ones (proofs/reachability.md), raise; they get no verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import Any, Literal

from exactqse.errors import CertificateError, NotCoveredError, at_least, between, of_kind, shown
from exactqse.kernel.certificate import (
    COVERED,
    MAX_PRECISION,
    MIN_PRECISION,
    Certificate,
    Node,
)
from exactqse.kernel.elementary import INTEGER, Elementary
from exactqse.kernel.farsighted import check_cover
from exactqse.kernel.fit import require_fit
from exactqse.kernel.game import KernelGame, require_game
from exactqse.kernel.gamefile import game_hash
from exactqse.kernel.interval import Interval, enclose
from exactqse.kernel.operators import (
    continuation,
    expectation,
    history_values,
    initial_mean,
    policy_values,
    scaled_reward,
)
from exactqse.kernel.stage import FailureError, Outcome, Stage
from exactqse.kernel.strong import check_strong


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found.

    Attributes:
        outcome: "accepted", "rejected" or "inconclusive".
        leader: whom J* is over: "markov", as in the model, or "history", leaders who remember and
            randomise publicly; of the former's J* a history certificate proves ``upper`` only.
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
    leader: Literal["markov", "history"] = "markov"

    def __bool__(self) -> bool:
        """True only when accepted."""
        return self.outcome == "accepted"


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
    if type(certificate) is not Certificate:
        raise CertificateError("is of a subclass", where="certificate")
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
    require_fit(game, certificate)
    leader: Literal["markov", "history"] = "history" if certificate.kind == "history" else "markov"
    try:
        _prove(game, certificate, p, elementary)
    except FailureError as failure:
        return Verdict(failure.outcome, None, None, str(failure), p, elementary.name, leader)
    whose = ", J* over leaders who remember" if leader == "history" else ""
    reason = f"proved lower <= J(policy) <= J* <= upper over {len(certificate.nodes)} nodes{whose}"
    bounds = certificate.lower, certificate.upper
    return Verdict("accepted", *bounds, reason, p, elementary.name, leader)


def _prove(game: KernelGame, certificate: Certificate, p: int, elementary: Elementary) -> None:
    """Raise FailureError unless both bounds follow."""
    nodes: tuple[Any, ...] = certificate.nodes
    if certificate.kind == "strong":
        if reason := check_strong(game, nodes, certificate.lower, certificate.upper):
            raise FailureError("rejected", reason)
        return
    if certificate.kind in COVERED:
        check_cover(game, certificate, p, elementary)
    else:
        excess = expectation(game.rho, _check_nodes(game, nodes, p, elementary)) - certificate.upper
        if excess > 0:
            reason = f"upper is less than the mean of step 0, by {at_least(excess)}"
            raise FailureError("rejected", reason)
    _check_lower(game, certificate, p, elementary)


def require_covered(game: KernelGame) -> None:
    """Raise NotCoveredError for gamma > 0 with eta = infinity."""
    require_game(game)
    if game.gamma and game.eta is None:
        what = f"not covered: gamma = {game.gamma} > 0 with eta = infinity"
        raise NotCoveredError(what, remedy="choose a finite eta, or gamma = 0")


def _check_nodes(
    game: KernelGame, nodes: tuple[Node, ...], p: int, elementary: Elementary
) -> dict[int, Fraction]:
    """The upper values of step 0, if those of each step follow from the next."""
    after: dict[int, Interval] = {}
    for _, layer in groupby(reversed(nodes), lambda node: node.step):
        found = {}
        for node in layer:
            found[node.state] = enclose(node.upper.numerator, node.upper.denominator, p)
            _check_node(game, node, found[node.state], after, p, elementary)
        after = found
    return {node.state: node.upper for node in nodes if node.step == 0}


def _check_node(
    game: KernelGame,
    node: Node,
    value: Interval,
    after: dict[int, Interval],
    p: int,
    elementary: Elementary,
) -> None:
    """The sum over the cells of the largest sum of majorants must be at most 0."""
    place = f"step {node.step}, state {node.state}"
    A, B = range(game.leader_actions), range(game.follower_actions)
    shift = node.shift << p
    x = [[scaled_reward(game, node.step, node.state, a, b, p) for a in A] for b in B]
    y = [[continuation(game, node.step, node.state, a, b, after, p) for a in A] for b in B]
    x = [[(low - shift, high - shift) for low, high in column] for column in x]
    stage = Stage(place, p, elementary, x, y, [[{} for _ in A] for _ in B])
    (low, high), spots = stage.bound(game.observes, node.trees, value)
    where = f"upper bound at {place}"
    if low > 0:
        reason = f"the majorants sum to {at_least(Fraction(low, 1 << p))} > 0"
        cells = list(map(list, game.observes))
        reason = f"{where}: {reason} at (leaf, corner) {spots} of the cells {cells}"
        raise FailureError("rejected", reason)
    if high > 0:
        ends = between(Fraction(low, 1 << p), Fraction(high, 1 << p))
        reason = f"{where}: the sum of the majorants is in {ends}; raise the precision"
        raise FailureError("inconclusive", reason)


def _check_lower(
    game: KernelGame, certificate: Certificate, p: int, elementary: Elementary
) -> None:
    nodes: tuple[Any, ...] = certificate.nodes
    evaluate = history_values if certificate.kind == "history" else policy_values
    values = evaluate(game, nodes, p, elementary)
    lo, hi, denominator = initial_mean(game, values)
    unit = denominator << p
    if Fraction(hi, unit) < certificate.lower:
        shortfall = at_least(certificate.lower - Fraction(hi, unit))
        raise FailureError("rejected", f"lower exceeds J(policy) by {shortfall}")
    if Fraction(lo, unit) < certificate.lower:
        ends = between(Fraction(lo, unit), Fraction(hi, unit))
        reason = f"lower <= J(policy) is undecided, J(policy) in {ends}; raise the precision"
        raise FailureError("inconclusive", reason)
