"""A farsighted follower's certificate as a term of proofs/coq: of FarChecker.v.

Besides what the file says, the term holds what the kernel works out from it: intervals, points and
slopes, in integers, and the parameters of majorants that touch. Coq takes none of it on trust.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from fractions import Fraction
from itertools import groupby
from typing import Any

from exactqse.coq.terms import distribution, integer, listed, rational
from exactqse.errors import CertificateError, NotCoveredError
from exactqse.kernel.certificate import (
    Certificate,
    Majorant,
    MixtureSplit,
    Part,
    Piece,
    Split,
    Tree,
    ValueSplit,
)
from exactqse.kernel.elementary import INTEGER
from exactqse.kernel.farsighted import Box, Frontier, PartBounds
from exactqse.kernel.game import KernelGame
from exactqse.kernel.interval import Interval, enclose
from exactqse.kernel.stage import Bound, Cell, Corner, FailureError, Member, Ratio, Stage, Vector

FINER = (
    24  # bits that Coq computes with beyond the kernel's: less is lost than the kernel gave away
)
_START = "FClaim 0 0 0 0 [] [(0, 0)]%Z []"  # after the last step, and where no one comes
Note = tuple[int, str, Ratio]  # b, the form of its majorant, the parameter


@dataclass(frozen=True)
class _NotedStage(Stage):
    """A stage that notes each majorant that it uses, and each bound, in order."""

    notes: list[Note] = field(default_factory=list)
    bounds: list[int] = field(default_factory=list)

    def bound(self, cells: Sequence[Cell], trees: Sequence[Tree], value: Interval) -> Bound:
        found = super().bound(cells, trees, value)
        self.bounds.append(found[0][1])
        return found

    def _majorant(self, majorant: Majorant, part: list[Corner], b: int, value: Interval) -> Member:
        member = super()._majorant(majorant, part, b, value)
        self.notes.append((b, member[1].__name__, member[2]))
        return member


@dataclass(frozen=True)
class _NotedBounds(PartBounds):
    """The bounds of a part, with what its stages used: the last one of each place counts."""

    stages: dict[int, _NotedStage] = field(default_factory=dict)
    after: dict[int, Mapping[int, Frontier]] = field(default_factory=dict)
    ranges: dict[int, Interval] = field(default_factory=dict)

    def stage(self, j: int, reference: int, after: Any, radius: Vector) -> Stage:
        plain = super().stage(j, reference, after, radius)
        noted = _NotedStage(**{f.name: getattr(plain, f.name) for f in fields(plain)})
        self.stages[j], self.after[j] = noted, after
        return noted

    def intervals(self) -> dict[int, Interval]:
        """Of each place of a later step: what the box and the next step leave, if only nothing."""
        found: dict[int, Interval] = {}
        places = self.game.places
        for j in range(len(places) - 1, -1, -1):
            if places[j][0] == 0:
                break
            later = ((i, v) for i, v in found.items() if places[i][0] == places[j][0] + 1)
            after = {places[i][1]: _bare(i, v) for i, v in later}
            low, high = self.range_of(j, after)
            found[j] = max(low, self.box[0].get(j, low)), min(high, self.box[1].get(j, high))
        return found


def _bare(j: int, v: Interval) -> Frontier:
    return Frontier(j, v, v[0], 0, 0, {}, free=False, points=[(0, 0)])


def farsighted_certificate_term(game: KernelGame, certificate: Certificate, precision: int) -> str:
    """A certificate of kind "farsighted", finite eta, as a ``far_certificate``.

    The hints are those of the kernel's check at ``precision`` bits.

    Raises:
        CertificateError: the kernel does not follow it, so that there is nothing to hint at.
        NotCoveredError: it divides the leader's mixtures, or single claims.
    """
    if any(isinstance(entry, MixtureSplit) for entry in certificate.cover):
        what = "a cover that divides the leader's mixtures is beyond the Coq checker"
        raise NotCoveredError(
            what, where="cover", remedy="solve with --values-only (mixtures=False)"
        )
    claims: Iterator[Any] = (c for x in certificate.cover if isinstance(x, Part) for c in x.claims)
    if any(c.divisions or any(piece.ties for piece in c.pieces) for c in claims):
        what = "a claim that is divided, or whose pieces are tied, is beyond the Coq checker"
        raise NotCoveredError(
            what, where="cover", remedy="solve with --values-only (mixtures=False)"
        )
    boxes: list[Box] = [({}, {}, {})]
    terms: list[str] = []
    index = {place: j for j, place in enumerate(game.places)}
    p = precision
    for number, entry in enumerate(certificate.cover):
        least, most, _ = boxes.pop()
        if isinstance(entry, ValueSplit):
            j = index[entry.step, entry.state]
            at = enclose(*(entry.at * (game.eta or 1)).as_integer_ratio(), p)[1]
            boxes += [({**least, j: at}, most, {}), (least, {**most, j: at}, {})]
            terms.append(
                f"FHalves {game.horizon - entry.step} {entry.state} {integer(at << FINER)}"
            )
        if isinstance(entry, Part):
            bounds = _NotedBounds(
                game, certificate, entry, (least, most, {}), p, INTEGER, f"cover[{number}]"
            )
            terms.append(_part(bounds))
    reached = listed(
        listed(
            "true" if h == game.horizon or (h, s) in index else "false" for s in range(game.states)
        )
        for h in range(game.horizon, -1, -1)
    )
    ends = f"{rational(certificate.lower)} {rational(certificate.upper)}"
    cover, plans = _nested(iter(terms)), _plans(certificate)
    return f"FarCertificate {p + FINER} {ends}\n {reached}\n {cover}\n {plans}"


def _plans(certificate: Certificate) -> str:
    layers = groupby(certificate.nodes, lambda node: node.step)
    return listed(
        (
            listed(
                f"({node.state}%nat, {listed(map(distribution, node.policy))})" for node in layer
            )
            for _, layer in layers
        ),
        "\n  ",
    )


def _nested(terms: Iterator[str]) -> str:
    """From preorder to a term, without recursion."""
    stack: list[list[str]] = []
    for term in terms:
        done = term
        if term.startswith(("FHalves", "FSplit")):
            stack.append([term])
            continue
        while stack and len(stack[-1]) == 2:
            head, first = stack.pop()
            done = f"{head}\n  ({first})\n  ({done})"
        if not stack:
            return f"({done})"
        stack[-1].append(done)
    raise CertificateError("cover or tree ends too early", where="cover")


def _part(bounds: _NotedBounds) -> str:
    try:
        frontiers = bounds.frontiers()
        if frontiers is None:
            return _void(bounds.game, bounds.intervals())
        bounds.bound()  # for the stages of step 0
    except FailureError as failure:
        what = f"certificate does not hold, so that no file can be made: {failure}"
        raise CertificateError(what, where=bounds.where) from None
    writer, places = _Writer(bounds), bounds.game.places
    firsts = [j for j, (h, _) in enumerate(places) if h == 0]
    claims = {f.j: writer.claim(f) for f in frontiers.values()}
    claims |= {j: writer.slopes_only(j) for j in firsts}
    return _term(bounds.game, claims, {places[j][1]: writer.first(j) for j in firsts})


def _void(game: KernelGame, intervals: Mapping[int, Interval]) -> str:
    claims = {
        j: f"FClaim {_up(v[0])} {_up(v[1])} {_up(v[0])} 0 [] [(0, 0)]%Z []"
        for j, v in intervals.items()
    }
    return _term(game, claims, {}).replace("FBounded", "FVoid", 1)


def _term(game: KernelGame, claims: Mapping[int, str], firsts: Mapping[int, str]) -> str:
    at = {place: claims[j] for j, place in enumerate(game.places) if j in claims}
    layers = (
        listed((at.get((h, s), _START) for s in range(game.states)), "\n   ")
        for h in range(game.horizon, -1, -1)
    )
    pieces = listed(firsts.get(s, "(no_piece, 0%Z)") for s in range(game.states))
    return f"FBounded (FPart\n  {listed(layers, chr(10) + '  ')}\n  {pieces})"


def _up(n: int) -> str:
    return integer(n << FINER)


def _integers(values: Iterable[str]) -> str:
    return f"{listed(values)}%Z"


@dataclass(frozen=True, slots=True)
class _Writer:
    """The claims of one part."""

    bounds: _NotedBounds

    def slopes(self, others: Vector) -> str:
        """Dense, by steps to go and state."""
        game = self.bounds.game
        dense = [0] * (game.horizon * game.states)
        for j, n in others.items():
            h, s = game.places[j]
            dense[(game.horizon - h) * game.states + s] = n
        return _integers(map(_up, dense))

    def claim(self, f: Frontier) -> str:
        """With what shows it."""
        claim: Any = self.bounds.part.claims[f.j]
        stage = self.bounds.stages[f.j]
        notes, needed = iter(stage.notes), self._needed(f, claim.pieces)
        pieces = listed(
            (
                self._piece(f.j, piece, f"{_up(high)} {_up(end)}", notes)
                for (piece, end), high in zip(needed, stage.bounds, strict=True)
            ),
            "\n    ",
        )
        points = _integers(f"({_up(d)}, {_up(k)})" for d, k in f.points)
        v = f"{_up(f.v[0])} {_up(f.v[1])} {_up(f.middle)} {_up(f.radius)}"
        return f"FClaim {v} {self.slopes(f.others)} {points}\n    {pieces}"

    def _needed(self, f: Frontier, pieces: Iterable[Piece]) -> Iterator[tuple[Piece, int]]:
        """The pieces that the kernel looks at, with their ends from the middle."""
        (start, last), p = f.v, self.bounds.p
        eta, shown = self.bounds.game.eta or Fraction(1), False
        for piece in pieces:
            end = last
            if piece.end is not None:
                end = min(enclose(*(piece.end * eta).as_integer_ratio(), p)[0], last)
            if start < end or (end == last and not shown):
                yield piece, end - f.middle
                start, shown = end, True

    def slopes_only(self, j: int) -> str:
        """Of a place of step 0."""
        return f"FClaim 0 0 0 0 {self.slopes(self._others(j))} [(0, 0)]%Z []"

    def _others(self, j: int) -> Vector:
        eta = self.bounds.game.eta or Fraction(1)
        slope = self.bounds.certificate.slopes[self.bounds.part.slopes][j]
        scaled = ((i, Fraction(n) / eta) for i, n in slope.others)
        return {i: n.numerator * (1 << self.bounds.p) // n.denominator for i, n in scaled}

    def first(self, j: int) -> str:
        """A piece of step 0, and what it takes from x."""
        claim: Any = self.bounds.part.claims[j]
        notes = iter(self.bounds.stages[j].notes)
        piece = self._piece(j, claim.pieces[0], "0 0", notes)
        return f"({piece}, {integer(claim.shift << self.bounds.p + FINER)}%Z)"

    def _piece(self, j: int, piece: Piece, ends: str, notes: Iterator[Note]) -> str:
        cells = zip(self.bounds.game.observes, piece.trees, strict=True)
        texts = listed(
            (_nested(self._entry(j, cell, e, notes) for e in tree) for cell, tree in cells),
            "\n     ",
        )
        return f"FPiece {rational(piece.upper)} {ends} {texts}"

    def _entry(self, j: int, cell: Sequence[int], entry: Any, notes: Iterator[Note]) -> str:
        if isinstance(entry, Split):
            return f"FSplit {entry.i} {entry.j}"
        return f"FLeaf {listed(self._kind(j, *next(notes)) for _ in cell)}"

    def _kind(self, j: int, b: int, form: str, ratio: Ratio) -> str:
        after, states = self.bounds.after[j], range(self.bounds.game.states)
        sigma = [after[t].own << FINER if t in after else 0 for t in states]
        loose = [t for t, f in after.items() if f.free]
        if form == "_up":
            p = self.bounds.p + FINER
            s = Fraction(*ratio) * self.bounds.game.gamma
            for t in loose:
                sigma[t] = (s.numerator << p) // s.denominator
        parameter, slopes = Fraction(*ratio), _integers(map(integer, sigma))
        values = f"{parameter.numerator} {parameter.denominator} {slopes}"
        if form == "_chord" and loose:
            free = ("false" if t in after and t not in loose else "true" for t in states)
            return f"({b}%nat, FChord {values} {listed(free)})"
        return f"({b}%nat, {'FUp' if form == '_up' else 'FDown'} {values})"
