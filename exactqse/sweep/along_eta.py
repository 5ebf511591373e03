"""``sweep``: the optimal value and the equilibrium's support along eta, and where that changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil, log, log1p

from exactqse.arithmetic import Enclosure
from exactqse.errors import (
    InputError,
    KindError,
    PrecisionError,
    approximate,
    shown,
)
from exactqse.kernel.game import KernelGame, require_game
from exactqse.model.arrays import exact
from exactqse.solve.api import solve
from exactqse.solve.effort import Progress
from exactqse.solve.solution import Solution, uninterrupted
from exactqse.sweep.extremes import Limits, limits
from exactqse.sweep.isolate import Optima

DEFAULT_WIDTH = Fraction(1, 1000)
MIN_WIDTH = Fraction(1, 10**30)
_INFINITE = ("inf", float("inf"))
Number = int | float | str | Fraction
Support = tuple[tuple[int, ...], ...]  # [place]: the leader actions with positive weight


@dataclass(frozen=True)
class SweepPoint:
    """The equilibrium at one eta.

    Attributes:
        eta: the inverse temperature; None for infinity.
        solution: the solution with its certificate, accepted by the checker.
        support: [place], the leader actions that the certified policy takes.
        proved: whether every stagewise optimal policy has exactly this support. Not for gamma > 0.
    """

    eta: Fraction | None
    solution: Solution
    support: Support
    proved: bool

    @property
    def value(self) -> Enclosure:
        """A certified enclosure of J*(eta)."""
        return self.solution.value

    @property
    def reached(self) -> bool:
        """Whether the enclosure is as narrow as was asked for."""
        return self.solution.reached


@dataclass(frozen=True)
class Change:
    """Two values of eta between which the support changes at least once.

    Attributes:
        lower, upper: at ``lower`` the policy's support is ``before``, at ``upper`` it is ``after``.
        before, after: the supports, which differ.
        proved: whether every optimal policy has these supports at the two ends. Then the support of
            the equilibrium changes in between, for sure; how often is not known.
        reason: why the bracket is wider than was asked for; empty when it is not.
    """

    lower: Fraction
    upper: Fraction
    before: Support
    after: Support
    proved: bool
    reason: str = ""

    @property
    def places(self) -> tuple[int, ...]:
        """Where the supports differ, as indices into the places of the sweep."""
        pairs = enumerate(zip(self.before, self.after, strict=True))
        return tuple(i for i, (first, second) in pairs if first != second)


@dataclass(frozen=True)
class Sweep:
    """J*(eta) at the values of eta that were asked for.

    Nothing is said between them: J* need not be monotone in eta. A change of the support and back
    between two neighbours is not seen.

    Attributes:
        game: the game; its own eta plays no part.
        places: (step, state, follower actions of the cell) of the supports' entries.
        points: in ascending order of eta.
        changes: in ascending order of eta, between finite values.
        limits: of J*(eta) at 0 and infinity.
        width: changes are bracketed within a factor 1 + width, unless they say why not.
    """

    game: KernelGame
    places: tuple[tuple[int, int, tuple[int, ...]], ...]
    points: tuple[SweepPoint, ...]
    changes: tuple[Change, ...]
    limits: Limits
    width: Fraction


def sweep(
    game: KernelGame,
    etas: Iterable[Number],
    digits: int | None = None,
    *,
    gap: Fraction | float | str | None = None,
    width: Number = DEFAULT_WIDTH,
    time_limit: float | None = None,
    progress: Progress | None = None,
) -> Sweep:
    """Certified enclosures of J*(eta), supports, and brackets of the eta where the support changes.

    Args:
        game: any gamma, any partition that the leader observes; its eta is not read. For gamma > 0
            no support is proved, and changes are told between neighbours in ``etas`` only.
        etas: inverse temperatures > 0, also "inf": there the strong Stackelberg value.
        digits: as for :func:`exactqse.solve`, at every finite eta.
        gap: the same as a number, instead of ``digits``.
        width: brackets are narrowed by bisection until upper <= (1 + width) lower.
        time_limit: seconds for each eta of a leader who sees less than the action, or gamma > 0.
        progress: called with (equilibria done, equilibria expected in all).

    Raises:
        KindError, InputError: not a game, no eta, or an argument out of range.
        PrecisionError: an equilibrium was not certified.
    """
    require_game(game)
    given = _temperatures(etas)
    narrow = exact(width, "width")
    if not narrow >= MIN_WIDTH:
        raise InputError(f"{approximate(narrow)} is not at least 10^-30", where="width")
    if progress is not None and not callable(progress):
        raise KindError(f"{shown(progress)} is not a function", where="progress")
    run = _Run(game, digits, gap, narrow, time_limit, progress)
    run.expected = len(given)
    finite = [run.at(eta) for eta in given if eta is not None]
    ends = run.limits()
    points = [*finite, *(run.best_response(ends.strong) for eta in given if eta is None)]
    changes = [change for pair in pairwise(finite) for change in run.between(*pair)]
    return Sweep(game, _places(game), tuple(points), tuple(changes), ends, narrow)


def _temperatures(etas: Iterable[Number]) -> list[Fraction | None]:
    """Ascending, each once, infinity last. Raises InputError."""
    if isinstance(etas, str | bytes) or not isinstance(etas, Iterable):
        what = f"{shown(etas)} is not a list of numbers"
        raise KindError(what, where="etas", remedy='give several, such as [1, 10, "inf"]')
    finite: set[Fraction] = set()
    infinite = False
    for i, eta in enumerate(etas):
        if isinstance(eta, str | float) and eta in _INFINITE:
            infinite = True
            continue
        value = exact(eta, f"etas[{i}]")
        if value <= 0:
            raise InputError(f"{shown(eta)} is not positive", where=f"etas[{i}]")
        finite.add(value)
    if not finite and not infinite:
        raise InputError("is empty", where="etas", remedy="give at least one number")
    return [*sorted(finite), *([None] if infinite else [])]


def _places(game: KernelGame) -> tuple[tuple[int, int, tuple[int, ...]], ...]:
    reachable = ((h, s) for h, layer in enumerate(game.reachable) for s in layer)
    return tuple((h, s, cell) for h, s in reachable for cell in game.observes)


@dataclass
class _Run:
    """The equilibria of one sweep."""

    game: KernelGame
    digits: int | None
    gap: Fraction | float | str | None
    width: Fraction
    time_limit: float | None
    progress: Progress | None
    done: int = 0
    expected: int = 0

    def at(self, eta: Fraction) -> SweepPoint:
        """The certified equilibrium at a finite eta."""
        game = replace(self.game, eta=eta)
        solution = uninterrupted(solve(game, self.digits, gap=self.gap, time_limit=self.time_limit))
        support, proved = _support(solution), False
        if not game.gamma:
            where = Optima(solution).isolation()
            proved = where.supports_proved and support == where.support
        self._step()
        return SweepPoint(eta, solution, support, proved)

    def limits(self) -> Limits:
        """At 0 and infinity; what is exact for gamma = 0 stays so."""
        if not self.game.gamma:
            return limits(self.game)
        gap = self.gap if self.digits is None else Fraction(1, 10**self.digits)
        return limits(self.game, gap=gap, time_limit=self.time_limit)

    def best_response(self, strong: Solution) -> SweepPoint:
        """The strong Stackelberg equilibrium."""
        self._step()
        return SweepPoint(None, strong, _support(strong), proved=False)

    def _step(self) -> None:
        self.done += 1
        if self.progress is not None:
            self.progress(self.done, max(self.done, self.expected))

    def between(self, first: SweepPoint, last: SweepPoint) -> Iterator[Change]:
        """The changes of the support from one point to another, by bisection."""
        if first.support == last.support:
            return
        low, high = _finite(first), _finite(last)
        if self.game.gamma:
            yield self._change(first, last, "brackets are narrowed for gamma = 0 only")
            return
        if high <= (1 + self.width) * low:
            yield self._change(first, last)
            return
        self.expected = self.done + _halvings(high / low, self.width)
        middle = self._middle(first, last)
        if middle is None:
            reason = f"at eta = {_between(low, high)} the support is not decided within the gap"
            yield self._change(first, last, reason)
            return
        yield from self.between(first, middle)
        yield from self.between(middle, last)

    def _middle(self, first: SweepPoint, last: SweepPoint) -> SweepPoint | None:
        """A point in between, with a proved support if both ends have one; None if none was met."""
        low, high = _finite(first), _finite(last)
        eta = _between(low, high)
        for candidate in (eta, _between(low, eta), _between(eta, high)):
            point = self.at(candidate)
            if point.proved or not (first.proved and last.proved):
                return point
        return None

    @staticmethod
    def _change(first: SweepPoint, last: SweepPoint, reason: str = "") -> Change:
        proved = first.proved and last.proved
        ends = _finite(first), _finite(last)
        return Change(*ends, first.support, last.support, proved, reason)


def _support(solution: Solution) -> Support:
    nodes = solution.certificate.nodes
    return tuple(tuple(a for a, _ in mixture) for node in nodes for mixture in node.policy)


def _finite(point: SweepPoint) -> Fraction:
    if point.eta is None:
        raise InputError("infinity is no end of a bracket", where="etas")
    return point.eta


def _halvings(ratio: Fraction, width: Fraction) -> int:
    """About how many bisections narrow a bracket of this ratio to 1 + width."""
    size = log(ratio.numerator) - log(ratio.denominator)
    return max(1, ceil(log(size / log1p(width)) / log(2)))


def _between(low: Fraction, high: Fraction) -> Fraction:
    """A short decimal in the middle half of a bracket, on a logarithmic scale.

    Raises:
        PrecisionError: the ends are closer than 10^-60, relatively.
    """
    exact_root = Context(prec=80)
    product = low * high
    ratio = exact_root.divide(Decimal(product.numerator), Decimal(product.denominator))
    root = exact_root.sqrt(ratio)
    for places in range(1, 61):
        middle = Fraction(Context(prec=places).plus(root))
        if (middle / low) ** 4 > high / low < (high / middle) ** 4:
            return middle
    raise PrecisionError("ends of a bracket are too close", where="sweep", remedy="widen it")
