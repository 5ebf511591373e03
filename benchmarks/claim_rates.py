"""Rigorous instances a second of the claims about one response, and a run of all claims.

``python benchmarks/claim_rates.py`` or ``make bench``. An instance is drawn, built exactly, and
judged in ball arithmetic, precision raised where need be; goal: 1,000 a second for each claim.
"""

from collections import Counter

from measure import show, timed

from exactqse.claims import Claim, Draw, builtin, run
from exactqse.claims.refuting import judge

FAMILIES = ("C1", "C2", "C3", "C4", "C5", "C6")
COUNT = 3000


def judged(claim: Claim, count: int) -> Counter[str]:
    """Outcomes of so many instances."""
    rng = claim.generator(0)
    return Counter(judge(claim, claim.build(Draw(rng=rng))).outcome for _ in range(count))


def rates() -> None:
    columns = [
        "claim",
        "instances",
        "holds",
        "to 100 digits",
        "others",
        "s",
        "instances/s (goal 1000)",
    ]
    rows, whole = [], 0.0
    chosen = [c for c in builtin() if c.id.rstrip("abcde") in FAMILIES]
    for claim in chosen:
        judged(claim, 100)
        seconds, found = timed(lambda claim=claim: judged(claim, COUNT))
        whole += seconds
        holds, agrees = found["holds"], found["agrees"]
        others = COUNT - holds - agrees
        rate = round(COUNT / seconds)
        rows.append([claim.id, COUNT, holds, agrees, others, f"{seconds:.2f}", rate])
    rows.append(
        [f"all {len(chosen)} on one", COUNT, "", "", "", f"{whole:.2f}", round(COUNT / whole)]
    )
    show("Claims about one response: rigorous instances a second", columns, rows)


def everything() -> None:
    columns = ["claim", "good", "instances", "ratio >=", "s"]
    rows, whole = [], 0.0
    for claim in builtin():
        seconds, found = timed(lambda claim=claim: run(claim))
        whole += seconds
        ratio = "" if found.ratio is None else f"{float(found.ratio):.6f}"
        rows.append([claim.id, found.good, found.instances, ratio, f"{seconds:.2f}"])
    rows.append(["all", all(row[1] for row in rows), "", "", f"{whole:.1f}"])
    show("Claims run: default depth, one process, goal 180 s", columns, rows)


if __name__ == "__main__":
    rates()
    everything()
