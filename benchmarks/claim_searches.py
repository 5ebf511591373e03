"""What Hypothesis adds to the searches for large ratios: with it, and without it for as long.

``python benchmarks/claim_searches.py [ID ...]``. Each search starts from nothing, three seeds; the
time is this process's own. Without Hypothesis a search makes as many more evaluations as it has
time for. The ridge is a claim made for it: its ratio is large where four numbers are alike.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

from flint import fmpq
from measure import show, timed

from exactqse.claims import Claim, builtin, tightest
from exactqse.claims.verdict import Pairs

SEEDS = range(3)


def ridge(x: tuple[Fraction, ...], bits: int) -> Pairs:
    """1, and 1 + 1000 (max x - min x) + |x_0 - 5/8|."""
    del bits
    rhs = 1 + 1000 * (max(x) - min(x)) + abs(x[0] - Fraction(5, 8))
    return [(fmpq(1), fmpq(rhs.numerator, rhs.denominator))]


RIDGE = Claim(
    id="ridge",
    title="a narrow ridge",
    statement="1 is at most 1 and something",
    latex="1",
    source="none",
    relation="<=",
    sides=ridge,
    build=lambda draw: draw.reals(4, 0, 1),
    document=lambda x: {"x": list(map(str, x))},
)


@contextmanager
def hidden() -> Iterator[None]:
    """Within the block there is no Hypothesis."""
    kept = sys.modules.pop("hypothesis", None)
    sys.modules["hypothesis"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["hypothesis"]
        if kept is not None:
            sys.modules["hypothesis"] = kept


def searched(claim: Claim, evaluations: int) -> tuple[float, list[float]]:
    """Mean seconds, and the certified ratios in order."""

    def one(seed: int) -> float:
        found = tightest(claim, rng=claim.generator(seed), evaluations=evaluations)
        return float(found.ratio or 0)

    seconds, ratios = timed(lambda: sorted(map(one, SEEDS)))
    return seconds / len(SEEDS), ratios


def compared(claim: Claim) -> list[object]:
    searched(claim, 20)  # what is loaded and kept once
    seconds, ratios = searched(claim, claim.searches)
    with hidden():
        plain, _ = searched(claim, claim.searches)
        more = max(int(claim.searches * seconds / plain), claim.searches)
        longer, without = searched(claim, more)
    found = [" ".join(f"{x:.6f}" for x in row) for row in (ratios, without)]
    return [claim.id, claim.searches, found[0], f"{seconds:.2f}", more, found[1], f"{longer:.2f}"]


def main(ids: list[str]) -> None:
    columns = ["claim", "evaluations", "with", "s", "evaluations", "without", "s"]
    claims = [RIDGE, *(c for c in builtin() if isinstance(c, Claim) and c.relation == "<=")]
    chosen = [c for c in claims if c.searches and (not ids or c.id in ids)]
    show("Searches: with Hypothesis and without", columns, [compared(c) for c in chosen])


if __name__ == "__main__":
    main(sys.argv[1:])
