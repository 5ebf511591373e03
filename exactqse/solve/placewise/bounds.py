"""The bounds lam + G e^{-v} that hold in regions: free or tied, with majorants of before or new."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exactqse.solve.farsighted.model import Floats
from exactqse.solve.placewise.answers import Answers, Site, answers_of, better
from exactqse.solve.placewise.bracket import Bracket
from exactqse.solve.placewise.cells import shared
from exactqse.solve.placewise.columns import Parameters, either, free_bound, majorants, reply
from exactqse.solve.placewise.region import Region
from exactqse.solve.placewise.ties import choices_of, few
from exactqse.solve.placewise.together import Asked, tied

_TURNS = 8  # for first bounds, and for those of one lam
_NEWTON = 60
_NEAR = 1e-3  # of what is close: the last step


@dataclass(frozen=True, eq=False)
class Wanted:
    """Bounds of a region of a place at some lam."""

    site: Site
    region: Region
    lam: Floats


def answers(wanted: Sequence[Wanted], close: float) -> list[Answers]:
    """Free or tied, whichever bounds G lower; with majorants of before where these are.

    Where all next places are tied, these are enough: no majorants prove less when tied. But the
    free ones are another choice of these, where the tied ones come to nothing.
    """
    known = [_known(one.region, one.lam) for one in wanted]
    ties = [few(one.site, one.region.lines, one.region.known) for one in wanted]
    at_once = _tied(wanted, known, ties, close)
    found = list[Answers]()
    for k, (one, old) in enumerate(zip(wanted, known, strict=True)):
        some = at_once.get(k)
        enough = old is not None and len(ties[k]) == len(one.region.lines)
        if some is not None and enough and np.isfinite(some.G).all():
            found.append(some)
        elif some is not None:
            found.append(better(_free(one, old, close), some))
        else:
            found.append(_free(one, old, close))
    return found


def answer(site: Site, region: Region, lam: Floats, close: float) -> Answers:
    """Of one region."""
    return answers([Wanted(site, region, lam)], close)[0]


def _tied(
    wanted: Sequence[Wanted],
    known: Sequence[Parameters | None],
    ties: Sequence[list[int]],
    close: float,
) -> dict[int, Answers]:
    """Tied bounds, by number, of those that have ties."""
    found: dict[int, Answers] = {}
    groups: dict[tuple[int, bool, tuple[int, ...], int], list[int]] = defaultdict(list)
    for k, (one, old, some) in enumerate(zip(wanted, known, ties, strict=True)):
        if some and one.site.shares:
            found[k] = _shared(one, some, old, close)
        elif some:
            turns = 0 if old is not None and len(one.lam) > 1 else _TURNS
            groups[turns, old is None, tuple(some), len(one.region.lines)].append(k)
    for (turns, *_), ks in groups.items():
        asked = [_asked(wanted[k], ties[k], known[k]) for k in ks]
        gamma = wanted[ks[0]].site.gamma
        found |= zip(ks, tied(asked, gamma, close, turns), strict=True)
    return found


def _asked(one: Wanted, ties: list[int], known: Parameters | None) -> Asked:
    table, choices = one.region.table(one.site, ties), choices_of(ties, one.region.lines)
    return Asked(table, choices, one.lam, known)


def _shared(one: Wanted, ties: list[int], known: Parameters | None, close: float) -> Answers:
    """The same where some actions share a mixture."""
    old = known and _each(known)
    return shared(one.site.cells, *one.region.offers(one.site, ties), one.lam, close, old)


def _free(one: Wanted, known: Parameters | None, close: float) -> Answers:
    """Without ties."""
    site, lam = one.site, one.lam
    if site.shares:
        return _shared(one, [], known, close)
    columns = one.region.columns(site)
    replies = [reply(of, lam) for of in columns]
    bounds = [free_bound(of, at, lam, close) for of, at in zip(columns, replies, strict=True)]
    if known is not None:
        rows = zip(columns, bounds, _each(known), strict=True)
        bounds = [_less(new, majorants(of.x, of.y, old, lam), old) for of, new, old in rows]
    G = np.sum([g for g, _ in bounds], axis=0)
    return answers_of(lam, G, replies, tuple(p for _, p in bounds))


def _known(region: Region, lam: Floats) -> Parameters | None:
    """The majorants of before (L, B), at the nearest lam."""
    known = region.known
    if known is None:
        return None
    k = np.searchsorted(-known.lam, -lam)
    k = np.minimum(k, len(known.lam) - 1)
    return known.down[k], known.size[k]


def _each(known: Parameters) -> tuple[Parameters, ...]:
    """Of each action."""
    down, size = known
    return tuple(zip(down.T, size.T, strict=True))


def _less(
    one: tuple[Floats, Parameters], other: Floats, known: Parameters
) -> tuple[Floats, Parameters]:
    """The lesser bound for each lam, and its majorants."""
    bound, parameters = one
    less = other < bound
    return np.where(less, other, bound), either(less, known, parameters)


def prove_root(site: Site, region: Region, close: float) -> None:
    """About the least lam at which G is 0 or less, by Newton's steps, or by halves.

    G would be convex, and fall by e^v, if the majorants were the best ones; where actions share
    a mixture they rarely are, and secants are nearer. Where no lam is met
    at which G is 0 the last one stands for it, until it is written. What is best may jump at
    the root, and is what it is just below.
    """
    lam, bad, near = region.root, -np.inf, _NEAR * close
    below: Answers | None = None
    if not np.isfinite(lam):
        lam = min(float(of.y.min()) for of in region.columns(site))
    region.root = np.inf
    between = Bracket()
    for _ in range(_NEWTON):
        found = answer(site, region, np.array([lam]), close)
        step = float(found.G[0] * np.exp(-found.v[0]))
        if step > near and lam > bad:
            bad, below = lam, found
        elif step <= near and lam < region.root:
            region.root, region.found, region.known = lam, found, found
        if abs(step) <= near:
            return
        if below is not None and region.root - bad <= near:
            region.found = below
            return
        if site.shares:
            lam = between.next(lam, step)
            continue
        lam += step
        if lam <= bad or lam >= region.root:
            lam = (bad + region.root) / 2
    if not np.isfinite(region.root):
        region.root, region.found = lam, found
