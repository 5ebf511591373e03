"""The stage problem as one would hand it to SCIP: maximise sum e_b w_b / sum e_b.

Scaled well: exponents are shifted so that every e_b is in (0, 1], and all variables are bounded.
Of the formulations that were tried this is the fastest: bounding e_b below as well changes little,
and normalised weights, e_b = exp(q_b - z) with sum 1, take one and a half times as long.
"""

from dataclasses import dataclass

import pyscipopt as scip

Floats = list[list[float]]
Cells = list[tuple[int, ...]]


@dataclass(frozen=True)
class Found:
    """What SCIP reports: the value of its best point, its upper bound, its status."""

    primal: float
    dual: float
    status: str


def solve_stage(
    x: Floats,
    y: Floats,
    cells: Cells | None = None,
    *,
    gap: float = 1e-6,
    absolute_gap: float = 0,
    seconds: float = 60,
) -> Found:
    """SCIP's answer for x = eta r, y = u, [b][a]; by default every b is a cell of its own.

    It ends at a relative gap of ``gap`` or at ``absolute_gap``, whichever comes first.
    """
    model = scip.Model()
    model.hideOutput()
    model.setParam("limits/gap", gap)
    model.setParam("limits/absgap", absolute_gap)
    model.setParam("limits/time", seconds)
    model.setParam("timing/clocktype", 1)  # processor time, as ours is measured
    model.setParam("lp/threads", 1)
    top = max(max(row) for row in x)
    value = model.addVar("value", lb=min(map(min, y)), ub=max(map(max, y)))
    above = below = 0
    for c, cell in enumerate(cells or [(b,) for b in range(len(x))]):
        alpha = [model.addVar(f"alpha_{c}_{a}", lb=0, ub=1) for a in range(len(x[0]))]
        model.addCons(scip.quicksum(alpha) == 1)
        for b in cell:
            q = model.addVar(f"q_{b}", lb=min(x[b]) - top, ub=max(x[b]) - top)
            w = model.addVar(f"w_{b}", lb=min(y[b]), ub=max(y[b]))
            e = model.addVar(f"e_{b}", lb=0, ub=1)
            model.addCons(q == mean(alpha, [v - top for v in x[b]]))
            model.addCons(w == mean(alpha, y[b]))
            model.addCons(e == scip.exp(q))
            above, below = above + e * w, below + e
    model.addCons(value * below <= above)
    model.setObjective(value, "maximize")
    model.optimize()
    return Found(model.getPrimalbound(), model.getDualbound(), model.getStatus())


def mean(alpha: list[scip.Variable], values: list[float]) -> scip.Expr:
    return scip.quicksum(p * v for p, v in zip(alpha, values, strict=True))
