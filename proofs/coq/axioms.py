"""Fail unless every theorem of the theories rests on the axioms in axioms.txt, and on no others.

Coq itself is asked, theorem by theorem (Print Assumptions). Exit code 0 or 1.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
THEOREM = re.compile(r"^(?:Theorem|Corollary) ([A-Za-z_0-9']+)", re.MULTILINE)
LEFT_OPEN = re.compile(r"\b(Admitted|admit|Axiom|Axioms|Conjecture|Parameter|Parameters)\b")
COMMENT = re.compile(r"\(\*.*?\*\)", re.DOTALL)


def main() -> int:
    """Print the report."""
    allowed = set((HERE / "axioms.txt").read_text(encoding="utf-8").split())
    files = {
        path.stem: COMMENT.sub(" ", path.read_text(encoding="utf-8"))
        for path in sorted((HERE / "theories").glob("*.v"))
    }
    open_ends = [f"{name}: {m[0]}" for name, text in files.items() if (m := LEFT_OPEN.search(text))]
    theorems = [
        f"{name}.{found}" for name, text in files.items() for found in THEOREM.findall(text)
    ]
    used = assumptions(theorems, list(files))
    strange = {name: sorted(axioms - allowed) for name, axioms in used.items() if axioms - allowed}
    unused = sorted(allowed - set().union(*used.values()))
    for name, axioms in used.items():
        print(f"{name}: {', '.join(sorted(axioms)) or 'no axioms'}")
    for name, axioms in strange.items():
        print(f"NOT ALLOWED: {name} assumes {', '.join(axioms)}", file=sys.stderr)
    for what in open_ends:
        print(f"LEFT OPEN: {what}", file=sys.stderr)
    if unused:
        print(f"NOT USED, strike it from axioms.txt: {', '.join(unused)}", file=sys.stderr)
    if len(theorems) < 20:
        print("TOO FEW theorems were found; is the pattern right?", file=sys.stderr)
    print(f"{len(theorems)} theorems in {len(files)} theories")
    return 1 if strange or open_ends or unused or len(theorems) < 20 else 0


def assumptions(theorems: list[str], files: list[str]) -> dict[str, set[str]]:
    """Axioms by theorem, as Coq prints them."""
    asked = "".join(f"Print Assumptions {name}.\n" for name in theorems)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "Report.v"
        path.write_text(f"From ExactQSE Require {' '.join(files)}.\n{asked}", encoding="utf-8")
        words = ["coqc", "-q", "-Q", str(HERE / "theories"), "ExactQSE", str(path)]
        out = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    answers = re.split(r"^(?=Closed under the global context|Axioms:)", out, flags=re.MULTILINE)[1:]
    if len(answers) != len(theorems):
        message = f"{len(answers)} answers to {len(theorems)} questions"
        raise RuntimeError(message)
    return {
        name: set(
            re.findall(
                r"^([A-Za-z_][\w.']*)(?= :|\s*$)", answer.removeprefix("Axioms:\n"), re.MULTILINE
            )
        )
        if answer.startswith("Axioms:")
        else set()
        for name, answer in zip(theorems, answers, strict=True)
    }


if __name__ == "__main__":
    sys.exit(main())
