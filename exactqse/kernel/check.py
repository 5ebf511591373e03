"""The checker: from a game and a certificate, and nothing else, to a verdict.

It re-derives both inequalities of ``lower <= J(policy) <= J* <= upper`` in outward-rounded integer
arithmetic (proofs/certificate-soundness.md). For a myopic follower, upper: at every reachable
(h, s) the joint majorants at lambda = the node's upper value, with y from those of step h+1, sum
to at most 0 (proofs/joint-majorant.md, proofs/propagation.md); lower: the policy is evaluated
backward. For a farsighted follower ``farsighted`` has another upper bound; one who best responds is
evaluated exactly by ``strong``, which has the upper bound for gamma = 0, too, and for a leader who
remembers.

Malformed input (proofs/certificate-format.md), or nodes that are not the reachable ones
(proofs/reachability.md), raise; they get no verdict.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from exactqse.errors import of_kind
from exactqse.kernel.certificate import Certificate, Node, require_precision
from exactqse.kernel.codec import demand
from exactqse.kernel.elementary import INTEGER, Elementary
from exactqse.kernel.farsighted import check_cover
from exactqse.kernel.fit import require_fit
from exactqse.kernel.game import KernelGame, expectation, require_game
from exactqse.kernel.gamefile import game_hash
from exactqse.kernel.interval import Interval, Values, enclose, ends
from exactqse.kernel.operators import continuations, exponents, induct, initial_mean, policy_values
from exactqse.kernel.stage import Columns, FailureError, Outcome, Slopes, Stage, require
from exactqse.kernel.strong import check_strong, policy_worth


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
    """
    require_game(game)
    remedy = "take that of a solution, or read one with Certificate.load"
    of_kind(certificate, Certificate, "a certificate", where="certificate", remedy=remedy)
    of_kind(elementary, Elementary, "an object with exp and log", where="elementary")
    demand(type(certificate) is Certificate, "is of a subclass", "certificate")
    p = certificate.precision if precision is None else precision
    require_precision(p)
    what = f"certificate is of the game {certificate.game[:12]}..., not of this one; give its own"
    demand(certificate.game == game_hash(game), what, "game")
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
    nodes, bound = certificate.nodes, certificate.upper
    if certificate.kind == "myopic":
        bound = _check_nodes(game, nodes, p, elementary)
    elif certificate.kind == "strong":
        bound = check_strong(game, nodes)
    else:
        check_cover(game, certificate, p, elementary)
    require("upper is less than the mean of step 0", bound - certificate.upper)
    if game.eta is None:
        low = high = policy_worth(game, nodes)
    else:
        low, high = initial_mean(game, policy_values(game, nodes, p, elementary), p)
    require("lower exceeds J(policy)", certificate.lower - high, certificate.lower - low)


def _check_nodes(game: KernelGame, nodes: Any, p: int, elementary: Elementary) -> Fraction:
    """At least J* for gamma = 0, if the upper values of each step follow from the next.

    At every node the sum over the cells of the largest sum of majorants must be at most 0.
    """
    last, cells = ends({}), [*map(list, game.observes)]
    none: Columns[Slopes] = [[{}] * game.leader_actions] * game.follower_actions

    def proved(node: Node, after: Sequence[Values], _: object) -> tuple[Interval, Interval]:
        h, s, place = node.step, node.state, f"step {node.step}, state {node.state}"
        x, y = exponents(game, h, s, last, p), continuations(game, h, s, after[0], p)
        stage = Stage(place, p, elementary, x, y, none, reference=node.shift << p)
        value = enclose(*node.upper.as_integer_ratio(), p)
        (low, high), at = stage.bound(game.observes, node.trees, value)
        what = f"the majorants' sum exceeds 0 at (leaf, corner) {at} of the cells {cells}"
        require(f"upper bound at {place}: {what}", low, high, p)
        return value, value

    induct(game, nodes, proved, ends, lambda _, values: values[0])
    return expectation(game.rho, {node.state: node.upper for node in nodes if node.step == 0})
