"""Whether claimed confidence sets hold the truth, from the follower's actions seen so far.

The log-likelihood of a follower reward r at (h, s), gamma = 0, is

    sum_i log nu^{pi_i, r}(b_i | s),   nu proportional to exp(eta sum_a pi_i(a | s, b) r_h(s, a, b))

over the episodes that visit s at step h. That is what a LikelihoodSet means whatever the game's
gamma is: a learner who takes a farsighted follower for a myopic one is held to her own words. It
depends on pi_i(. | s, .) and the count of each b only, so those are kept: a prescription that comes
again takes no more memory and no more time.

All is float64, and a comparison closer than its rounding error is "undecided". That error is taken
to be 1e-11 of sum_i (max_b |eta q_i(b)| + log B), of which a log-likelihood is at most twice.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exactqse.learn.protocol import ConfidenceSet, LikelihoodSet, ModelSet
from exactqse.model.game import Game
from exactqse.simulate.episodes import Episodes
from exactqse.trials.answers import Answer, all_of
from exactqse.trials.gauge import holds_response

Floats = NDArray[np.float64]
_ROUNDING = 1e-11


class Evidence:
    """What the follower did in one run, and what it says of claimed sets.

    Args:
        game: the true game.
    """

    def __init__(self, game: Game) -> None:
        horizon, states, leader, follower = game.shape
        self._game = game
        self._eta = None if game.eta is None else float(game.eta)
        self._r = np.broadcast_to(game.r_float, game.shape).reshape(-1, leader, follower)
        self._places: dict[tuple[int, bytes], int] = {}
        self._prescriptions = np.empty((64, follower, leader))
        self._place = np.empty(64, dtype=np.intp)
        self._counts = np.empty((64, follower))
        self._log_nu = np.empty((64, follower))  # under the true r, of the first rows
        self._size = np.empty(64)  # max_b |eta q(b)| + log B, of the same
        self._known = 0
        self._shape = horizon, states

    def add(self, episodes: Episodes) -> None:
        """Take in what was seen of some episodes."""
        horizon, states = self._shape
        follower = self._game.follower_actions
        place = np.arange(horizon) * states + episodes.s
        cells = (place * follower + episodes.b).ravel()
        counts = np.bincount(cells, minlength=horizon * states * follower)
        counts = counts.reshape(-1, follower)
        rows = episodes.policy.reshape(horizon * states, follower, -1)
        for i in np.flatnonzero(counts.any(axis=1)):
            row = self._row(int(i), rows[i])  # which may make room for it
            self._counts[row] += counts[i]

    def answer(self, claimed: ConfidenceSet) -> tuple[Answer, Answer]:
        """Whether the truth is in a set, and whether its estimate is about as likely as the truth.

        The second answers: log-likelihood of the truth - that of the centre <= radius, everywhere.
        Where the estimate is a maximum-likelihood one of a right model, it is no less likely than
        the truth. Only a LikelihoodSet has an estimate.
        """
        if isinstance(claimed, ModelSet):
            return ("yes" if self._game.hash in claimed.hashes else "no"), "unclaimed"
        if isinstance(claimed, LikelihoodSet):
            return self._likely(claimed)
        return holds_response(self._game, claimed), "unclaimed"

    def _likely(self, claimed: LikelihoodSet) -> tuple[Answer, Answer]:
        if self._eta is None:
            return "undecided", "undecided"
        excess, error = self._excess(claimed.centre.reshape(self._r.shape))
        radius = claimed.radius
        if claimed.pooled:
            excess, error = excess.sum(axis=1), error.sum(axis=1)
            radius = radius.max(axis=1)
        return _below(excess, radius, error), _below(-excess, radius, error)

    def _excess(self, centre: Floats) -> tuple[Floats, Floats]:
        """The log-likelihood of a reward (H S, A, B) less that of the truth, and its error.

        Both of shape (H, S).
        """
        count = len(self._places)
        rows = slice(self._known, count)  # the truth is the same every time: only what is new
        self._log_nu[rows], self._size[rows] = self._responses(self._r, rows)
        self._known = count
        log_nu, size = self._responses(centre, slice(count))
        seen, visits = self._counts[:count], self._counts[:count].sum(axis=1)
        difference = (seen * (log_nu - self._log_nu[:count])).sum(axis=1)
        sizes = _ROUNDING * visits * (size + self._size[:count])
        return self._by_place(difference), self._by_place(sizes)

    def _responses(self, r: Floats, rows: slice) -> tuple[Floats, Floats]:
        """log nu of some rows under a reward, shape (n, B), and max_b |eta q(b)| + log B, (n,)."""
        prescriptions = self._prescriptions[rows]
        q = np.einsum("nba,nab->nb", prescriptions, r[self._place[rows]])
        q *= 1.0 if self._eta is None else self._eta
        size = np.abs(q).max(axis=1, initial=0) + np.log(q.shape[1])
        q -= q.max(axis=1, keepdims=True)
        return q - np.log(np.exp(q).sum(axis=1, keepdims=True)), size

    def _by_place(self, values: Floats) -> Floats:
        """Sums of the rows' values over each (h, s)."""
        sums = np.zeros(len(self._r))
        np.add.at(sums, self._place[: len(values)], values)
        return sums.reshape(self._shape)

    def _row(self, place: int, prescription: Floats) -> int:
        key = place, prescription.tobytes()
        row = self._places.get(key)
        if row is not None:
            return row
        row = self._places[key] = len(self._places)
        if row == len(self._place):
            for name in ("_prescriptions", "_place", "_counts", "_log_nu", "_size"):
                rows = getattr(self, name)
                setattr(self, name, np.concatenate([rows, np.empty_like(rows)]))
        self._prescriptions[row], self._place[row], self._counts[row] = prescription, place, 0
        return row


def coverage(evidence: Evidence, sets: tuple[ConfidenceSet, ...]) -> tuple[Answer, Answer]:
    """The two answers of :meth:`Evidence.answer` for several sets, all of which are claimed."""
    answers = [evidence.answer(claimed) for claimed in sets]
    return all_of(held for held, _ in answers), all_of(fits for _, fits in answers)


def _below(value: Floats, bound: Floats, error: Floats) -> Answer:
    if (value - error > bound).any():
        return "no"
    return "yes" if (value + error <= bound).all() else "undecided"
