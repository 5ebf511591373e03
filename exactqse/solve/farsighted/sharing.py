"""What parts of a cover have in common: as few tables of slopes, and claims as alike, as will do.

A checker shows the claim of a place once for all parts where all that it depends on agrees: the
box, the mixtures, the slopes and the claims of this place and of later ones
(proofs/farsighted-bound.md, Parts that agree). A search makes a table of slopes wherever that
brings a bound down, and refines the claims of each part on its own; most parts have room for those
of others.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from exactqse.solve.farsighted.nodes import Batch

if TYPE_CHECKING:
    from exactqse.solve.farsighted.model import Booleans, Floats, Integers
    from exactqse.solve.farsighted.search import Search

_TABLES = 4  # that all parts are tried with which have another: each takes as long as a bound


def with_few_tables(search: Search, leaves: Batch, upper: float) -> Batch:
    """The parts bounded with tables that are used much, where these prove ``upper``, too."""
    shared = leaves.take(np.arange(len(leaves.bound)))
    empty = leaves.bound == -np.inf
    shared.table[empty] = 0
    settled, tried = empty.copy(), np.zeros(search.used, bool)
    for table in range(_TABLES):
        rest = np.flatnonzero(~settled)
        uses = np.where(tried, 0, np.bincount(shared.table[rest], minlength=search.used))
        best = int(uses.argmax()) if table else 0  # that of the first policy, to begin with
        tried[best] = True
        settled |= shared.table == best
        others = np.flatnonzero(~settled)
        if not len(others) or (table and uses[best] <= 1):
            break
        part = shared.take(others)
        found = search.bounded(replace(part, table=np.full_like(part.table, best)))
        proved = np.flatnonzero(found.bound <= upper)
        shared.put(others[proved], found, proved)
        settled[others[proved]] = True
    return shared


def with_like_claims(search: Search, leaves: Batch) -> Batch:
    """The parts with the lam, at each place, of that with the least room among those that agree."""
    order = np.argsort(-leaves.bound, kind="stable")
    lam = leaves.lam.copy()
    later = _number(leaves.kind, leaves.loose)
    mixtures, first = _mixtures(search, leaves.mix), len(search.model.rho)
    ends = np.cumsum([0, *search.model.sizes[1:]])
    used, rows = np.unique(leaves.table, return_inverse=True)
    for start, end in reversed([*pairwise(ends.tolist())]):
        numbers = []
        for j in range(start, end):
            slopes = _number(search.tables.own[used, j], *search.tables.lean[used, j].T)[rows]
            box = leaves.lo[j], leaves.hi[j], leaves.free[j]
            numbers.append(_number(later, slopes, *box, mixtures[first + j]))
            _, chosen, where = np.unique(numbers[-1][order], return_index=True, return_inverse=True)
            lam[j, order] = leaves.lam[j, order[chosen]][where]
        later = _number(*numbers)
    return replace(leaves, lam=lam)


def _mixtures(search: Search, mix: Integers) -> list[Integers]:
    """Per place of every step: a number for the simplices that its mixtures are in, (N,)."""
    used, rows = np.unique(mix, return_inverse=True)
    corners = np.moveaxis(search.simplices.corners[used], 1, 0)  # (places, numbers, ...)
    return [_number(*place.reshape(len(used), -1).T)[rows] for place in corners]


def _number(*columns: Floats | Integers | Booleans) -> Integers:
    """Equal numbers for equal rows of the columns (N,)."""
    _, numbers = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
    found: Integers = numbers.reshape(-1)
    return found
