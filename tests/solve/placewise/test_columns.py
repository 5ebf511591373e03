"""What majorants of columns are, by the definition of the checker's "up" and "down"."""

from __future__ import annotations

import numpy as np
import pytest

from exactqse.solve.placewise.columns import majorants


@pytest.mark.parametrize("differ", [False, True])
def test_majorants_of_both_kinds(*, differ: bool) -> None:
    random = np.random.default_rng(5)
    lam = np.array([3.0, 2.5, 0.5, 0.25])
    down = np.array([True, True, False, False])
    size = random.uniform(0.5, 2, 4)
    x = random.normal(size=(6, 3))
    y = random.uniform(size=(4, 6, 3) if differ else (6, 3))
    found = majorants(x, y, (down, size), lam)
    assert found.shape == (4, 6)
    for k, each in enumerate(np.broadcast_to(y, (4, 6, 3))):
        if down[k]:
            form = -size[k] * (1 + x + np.log((lam[k] - each) / size[k]))
        else:
            form = size[k] * np.exp(x + (each - lam[k]) / size[k] - 1)
        assert np.allclose(found[k], form.max(-1), rtol=1e-12, atol=0)
