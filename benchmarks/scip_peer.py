"""The stage problem as one would hand it to SCIP: maximise sum e_b w_b / sum e_b.

Scaled well: exponents are shifted so that every e_b is in (0, 1], and all variables are bounded.
"""

import pyscipopt as scip


def solve_stage(
    x: list[list[float]], y: list[list[float]], *, gap: float = 1e-6, seconds: float = 60
) -> tuple[float, str]:
    """(best value that SCIP reports, its status) for x = eta r, y = u, [b][a]."""
    model = scip.Model()
    model.hideOutput()
    model.setParam("limits/gap", gap)
    model.setParam("limits/time", seconds)
    top = max(max(row) for row in x)
    value = model.addVar("value", lb=min(map(min, y)), ub=max(map(max, y)))
    above = below = 0
    for b, (xs, ys) in enumerate(zip(x, y, strict=True)):
        alpha = [model.addVar(f"alpha_{b}_{a}", lb=0, ub=1) for a in range(len(xs))]
        model.addCons(scip.quicksum(alpha) == 1)
        q = model.addVar(f"q_{b}", lb=min(xs) - top, ub=max(xs) - top)
        w = model.addVar(f"w_{b}", lb=min(ys), ub=max(ys))
        e = model.addVar(f"e_{b}", lb=0, ub=1)
        model.addCons(q == scip.quicksum(p * (v - top) for p, v in zip(alpha, xs, strict=True)))
        model.addCons(w == scip.quicksum(p * v for p, v in zip(alpha, ys, strict=True)))
        model.addCons(e == scip.exp(q))
        above, below = above + e * w, below + e
    model.addCons(value * below <= above)
    model.setObjective(value, "maximize")
    model.optimize()
    return model.getObjVal(), model.getStatus()
