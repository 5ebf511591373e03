"""The theory as statements that run: claims, instances, verdicts in balls, tightness, mutants."""

from typing import TYPE_CHECKING

from exactqse.lazy import lazy

if TYPE_CHECKING:
    from exactqse.claims.claim import Claim, Coverage, CoverageMutant, Mutant
    from exactqse.claims.draws import Draw
    from exactqse.claims.refuting import judge, refute
    from exactqse.claims.registry import builtin, from_file, gathered, selected
    from exactqse.claims.running import Example, Finding, Mutation, replay, run
    from exactqse.claims.sequential import Sequential, exact_p_values, sequential_test
    from exactqse.claims.tightness import Found, tightest
    from exactqse.claims.verdict import Outcome, Verdict, compare, decide
else:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            **dict.fromkeys(("Claim", "Coverage", "CoverageMutant", "Mutant"), "claim"),
            **dict.fromkeys(("Draw",), "draws"),
            **dict.fromkeys(("judge", "refute"), "refuting"),
            **dict.fromkeys(("builtin", "from_file", "gathered", "selected"), "registry"),
            **dict.fromkeys(("Example", "Finding", "Mutation", "replay", "run"), "running"),
            **dict.fromkeys(("Sequential", "exact_p_values", "sequential_test"), "sequential"),
            **dict.fromkeys(("Found", "tightest"), "tightness"),
            **dict.fromkeys(("Outcome", "Verdict", "compare", "decide"), "verdict"),
        },
    )

__all__ = [
    "Claim",
    "Coverage",
    "CoverageMutant",
    "Draw",
    "Example",
    "Finding",
    "Found",
    "Mutant",
    "Mutation",
    "Outcome",
    "Sequential",
    "Verdict",
    "builtin",
    "compare",
    "decide",
    "exact_p_values",
    "from_file",
    "gathered",
    "judge",
    "refute",
    "replay",
    "run",
    "selected",
    "sequential_test",
    "tightest",
]
