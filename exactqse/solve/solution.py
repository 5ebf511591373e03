"""What ``solve`` returns: bounds, the policy that attains them, the certificate and its verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import cast

from exactqse.arithmetic.enclosure import Enclosure
from exactqse.errors import InputError, NotCoveredError, approximate, of_kind
from exactqse.kernel.certificate import Certificate, Node
from exactqse.kernel.check import Verdict
from exactqse.kernel.game import KernelGame
from exactqse.model.policy import Policy
from exactqse.solve.commitment import full_policy
from exactqse.solve.effort import Effort


@dataclass(frozen=True)
class Solution:
    """A quantal Stackelberg equilibrium of ``game``: lower <= J(policy) <= J* <= upper.

    Attributes:
        game: the game that was solved.
        certificate: the claim, for :func:`exactqse.check`.
        verdict: what the checker said of it; None when no checker was asked.
        effort: nodes, bits, what was searched.
        gap: the upper - lower that was asked for.
    """

    game: KernelGame = field(repr=False)
    certificate: Certificate = field(repr=False)
    verdict: Verdict | None
    effort: Effort
    gap: Fraction

    @cached_property
    def policy(self) -> Policy:
        """The certificate's policy, exact, [h][s][b][a]; action 0 at (h, s) never reached.

        NotCoveredError for a leader who remembers: what she plays is in ``certificate.nodes``.
        """
        if self.remembers:
            what = "a leader who remembers has no table of a policy"
            raise NotCoveredError(what, remedy="see the memories in certificate.nodes")
        return policy_of(self.game, self.certificate)

    @property
    def remembers(self) -> bool:
        """Whether the leader remembers the history."""
        return self.certificate.kind == "history"

    @property
    def lower(self) -> Fraction:
        """The lower bound of J* and of J(policy)."""
        return self.certificate.lower

    @property
    def upper(self) -> Fraction:
        """The upper bound of J*."""
        return self.certificate.upper

    @property
    def value(self) -> Enclosure:
        """[lower, upper], which contains J* if certified."""
        return Enclosure(self.lower, self.upper)

    @property
    def reached(self) -> bool:
        """Whether upper - lower is as small as was asked for."""
        return self.upper - self.lower <= self.gap

    @property
    def reason(self) -> str:
        """How the solve ended and what was proved, in words."""
        verdict = self.verdict
        said = "not checked" if verdict is None else f"accepted by the {verdict.arithmetic} checker"
        aim = f"asked for {approximate(self.gap)}"
        if self.effort.stopped:
            aim += f", not reached: {self.effort.stopped}"
        width = approximate(self.upper - self.lower)
        effort = self.effort
        return (
            f"{said}: upper - lower = {width}, {aim}; {effort.nodes} nodes, "
            f"{effort.work} {effort.unit}, {effort.precision} bits"
        )

    @property
    def certified(self) -> bool:
        """Whether the checker accepted the certificate."""
        return self.verdict is not None and self.verdict.outcome == "accepted"


def uninterrupted(solution: Solution) -> Solution:
    """The solution, if Ctrl-C did not end its search: who needs several has to end as well.

    Raises:
        KeyboardInterrupt: it did; what was found by then depends on when.
    """
    if solution.effort.interrupted:
        raise KeyboardInterrupt
    return solution


def certified(solution: object) -> Solution:
    """The solution, if a checker accepted it. Raises KindError or InputError."""
    remedy = "take that of exactqse.solve"
    of_kind(solution, Solution, "a solution", where="solution", remedy=remedy)
    found = cast("Solution", solution)
    if not found.certified:
        raise InputError("is not certified", where="solution", remedy="solve with a checker")
    return found


def myopic_nodes(certificate: Certificate) -> tuple[Node, ...]:
    """The nodes of a certificate of kind "myopic"; none of another kind."""
    return tuple(node for node in certificate.nodes if isinstance(node, Node))


def policy_of(game: KernelGame, certificate: Certificate) -> Policy:
    """The certificate's policy as a full table; action 0 where it says nothing."""
    nodes = certificate.nodes
    return full_policy(game, {(node.step, node.state): node.policy for node in nodes})
