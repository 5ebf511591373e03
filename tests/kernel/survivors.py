"""Reads ``mutmut results --all true``; prints the score, and the survivors mutation.md leaves out.

Fails when a survivor is not in the tables of mutation.md, or one in the tables did not survive.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

_RESULT = re.compile(r"^\s*exactqse\.kernel\.(\w+)\.(\S+)__mutmut_(\d+): (.*)$")
_ROW = re.compile(r"^\| (\w+) \| `([\w.]+)` \| (\d+(?:, \d+)*) \|", re.MULTILINE)
_KILLED = ("killed", "timeout")  # a mutant that never ends is seen
_NOT_RUN = "not checked"

Mutant = tuple[str, str, int]  # module, function, mutmut's number


def results(lines: Iterable[str]) -> dict[Mutant, str]:
    """Mutant to status."""
    found = {}
    for match in filter(None, map(_RESULT.match, lines)):
        module, mangled, index, status = match.groups()
        function = mangled[1:].removeprefix("_").removeprefix("ǁ").replace("ǁ", ".")
        found[module, function, int(index)] = status
    return found


def explained(text: str) -> set[Mutant]:
    """The mutants that the tables explain."""
    rows = _ROW.findall(text)
    return {(module, name, int(i)) for module, name, several in rows for i in several.split(", ")}


def table(found: dict[Mutant, str]) -> str:
    """Counts by module, and of all."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for (module, _, _), status in found.items():
        for row in (module, "all"):
            counts[row][status] += 1
    total = counts.pop("all", Counter())
    lines = ["| module | mutants | run | killed | timeout | survived | score |", "|" + " --- |" * 7]
    for name, count in [*sorted(counts.items()), ("all", total)]:
        run, seen = count.total() - count[_NOT_RUN], sum(count[status] for status in _KILLED)
        cells = (name, count.total(), run, *(count[status] for status in _KILLED), run - seen)
        score = f"{seen / run:.1%}" if run else "-"
        lines.append(f"| {' | '.join(map(str, cells))} | {score} |")
    return "\n".join(lines)


def main() -> int:
    found = results(sys.stdin)
    survivors = {m for m, status in found.items() if status not in (*_KILLED, _NOT_RUN)}
    known = explained(Path(__file__).with_name("mutation.md").read_text(encoding="utf-8"))
    out = [table(found), f"{len(survivors & known)} survivors are explained in mutation.md"]
    out += [f"not explained: {mutant} {found[mutant]}" for mutant in sorted(survivors - known)]
    out += [f"did not survive: {mutant}" for mutant in sorted(known - survivors)]
    sys.stdout.write("\n".join(out) + "\n")
    return int(survivors != known or not found)


if __name__ == "__main__":
    raise SystemExit(main())
