"""What trials ask of counts and seeds."""

from __future__ import annotations

import numpy as np

from exactqse.errors import InputError, shown

MAX_EPISODES = 10**9
MAX_SEED = (1 << 128) - 1


def natural(value: object, where: str, *, least: int = 0, most: int = MAX_EPISODES) -> int:
    """An integer in least..most, numpy's or Python's. Raises InputError."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError(f"{shown(value)} is not an integer >= {least}", where=where)
    if value > most:
        raise InputError(f"{shown(value)} is more than {most}", where=where)
    return int(value)
