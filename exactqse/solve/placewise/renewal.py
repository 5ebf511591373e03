"""Regions of one step that are proved again, all in one go, over what the next places prove now."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exactqse.solve.placewise.answers import joined
from exactqse.solve.placewise.bounds import Wanted, answers, prove_root
from exactqse.solve.placewise.clips import clips
from exactqse.solve.placewise.cuts import cut
from exactqse.solve.placewise.place import Node, Place
from exactqse.solve.placewise.region import Region

NEW = (-1,)  # versions that no places have: a region has lam or cuts that it was not proved with


def renew(
    leaves: Sequence[tuple[Place, Node]], close: float, worth: float, *, chosen: bool = False
) -> None:
    """Prove regions again; drop those that are empty.

    With ``chosen`` pieces stay which they are. ``close`` is the margin of roundings, ``worth`` what
    is no error.
    """
    some = [(place, leaf) for place, leaf in leaves if leaf.region is not None]
    whole: list[Wanted] = []
    added: list[Wanted] = []
    changed: list[tuple[Place, Region]] = []
    for (place, leaf), lines in zip(some, clips(some), strict=True):
        region = leaf.held
        found = [line for line in lines if line is not None]
        if len(found) < len(lines):
            leaf.region = None
            place.changed()
        elif region.sees(found) and not chosen:
            new, region.seen = region.seen == NEW, place.versions
            if new:
                lam = np.setdiff1d(region.lam, region.found.lam)[::-1]
                added += [Wanted(place.site, region, lam)] if len(lam) else []
                changed.append((place, region))
        else:
            region.meet(place.site, found, place.versions)
            if place.h and chosen:
                region.known = region.found
            if place.h:
                whole.append(Wanted(place.site, region, region.lam))
                changed.append((place, region))
            else:
                prove_root(place.site, region, close)
    _prove(whole, added, close)
    later = [region for _, region in changed]
    if later and not chosen:
        cut(later, worth, shares=changed[0][0].site.shares)
    for place in {id(place): place for place, _ in changed}.values():
        place.changed()


def _prove(whole: list[Wanted], added: list[Wanted], close: float) -> None:
    """At all lam, or at those that were added."""
    for one, found in zip(whole, answers(whole, close), strict=True):
        one.region.found = one.region.known = found
    for one, found in zip(added, answers(added, close), strict=True):
        region = one.region
        region.found = region.known = joined(region.found, found)
