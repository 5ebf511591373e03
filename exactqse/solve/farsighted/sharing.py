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

_CANDIDATES = 16  # tables that are tried on a sample of the parts
_LEAST, _MOST = 8, 48  # of a sample; between, as many bounds in all as there are parts
_WORTH = 0.125  # of the sample, at least: to try a table takes as long as a bound of each part
_NEIGHBOURS = 64, 64, 32, 32, 16, 16, 8, 4, 2  # in a row, for which a table of theirs is tried


def in_common(search: Search, leaves: Batch, upper: float, room: float) -> Batch:
    """The parts with tables and claims in common with others, as far as these prove ``upper``.

    What has a new table proves less by ``room``, which shortening its numbers may take.
    """
    few = with_few_tables(search, leaves, upper - room)
    like = with_like_claims(search, few)
    # a lam was the best for those of later steps that its part had: all begin there once more
    found = _with_tables(search, like, like.table)
    kept = ~(found.bound <= upper) | (leaves.bound == -np.inf)
    found.put(np.flatnonzero(kept), few, np.flatnonzero(kept))
    return found


def with_few_tables(search: Search, leaves: Batch, upper: float) -> Batch:
    """The parts bounded with tables that many can have, where these prove ``upper``, too."""
    shared = leaves.take(np.arange(len(leaves.bound)))
    shared.table[leaves.bound == -np.inf] = 0
    settled = np.zeros(len(leaves.bound), bool)
    best, share = 0, 1.0  # that of the first policy, to begin with
    while share >= _WORTH:
        some = np.flatnonzero(~settled)
        _settle(search, shared, settled, (some, np.full(len(some), best)), upper)
        best, share = _most_usable(search, shared.take(~settled), upper)
    for count in _NEIGHBOURS:
        _settle(
            search, shared, settled, _neighbours(shared, np.flatnonzero(~settled), count), upper
        )
    return shared


def _settle(
    search: Search,
    parts: Batch,
    settled: Booleans,
    tried: tuple[Integers, Integers],
    upper: float,
) -> None:
    """Give some parts these tables where they prove ``upper`` with them, or have them."""
    some, tables = tried
    same = parts.table[some] == tables
    others = some[~same]
    found = _with_tables(search, parts.take(others), tables[~same])
    proved = np.flatnonzero(found.bound <= upper)
    parts.put(others[proved], found, proved)
    settled[some[same]] = settled[others[proved]] = True


def _neighbours(parts: Batch, some: Integers, count: int) -> tuple[Integers, Integers]:
    """Some parts, and for each ``count`` of them in a row the table of that with the least room.

    A cover has its parts in preorder: neighbours lie near each other, and many agree in the boxes
    of later steps.
    """
    block = np.arange(len(some)) // count
    order = np.lexsort((-parts.bound[some], block))
    return some, parts.table[some[order[::count]]][block]


def _most_usable(search: Search, parts: Batch, upper: float) -> tuple[int, float]:
    """Of a few tables that the parts have that with which most of a sample prove ``upper``.

    And the share of those that do; none of few parts.
    """
    count = len(parts.bound)
    if count < 2 * _LEAST:
        return 0, 0.0
    size = min(max(count // _CANDIDATES, _LEAST), _MOST)
    sample, some = (np.linspace(0, count - 1, k).astype(np.intp) for k in (size, _CANDIDATES))
    tables = np.unique(parts.table[some])
    pool = parts.take(np.tile(sample, len(tables)))
    tried = np.repeat(tables, size)
    others = tried != pool.table
    bound = _with_tables(search, pool, tried).bound
    shares = (others & (bound <= upper)).reshape(-1, size).mean(1)
    best = int(shares.argmax())
    return int(tables[best]), float(shares[best])


def _with_tables(search: Search, parts: Batch, tables: Integers) -> Batch:
    """The parts bounded with these tables."""
    return search.bounded(replace(parts, table=tables))


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
