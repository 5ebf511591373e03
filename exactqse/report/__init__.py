"""What is shown of results: rich renderables for the terminal, plain dictionaries for JSON."""

from exactqse.report.datasets import dataset_document, dataset_lines
from exactqse.report.documents import (
    catalogue_document,
    check_document,
    decision_document,
    evaluation_document,
    game_document,
    policy_document,
    show_document,
    solution_document,
    symbolic_document,
    to_json,
    weak_document,
)
from exactqse.report.evaluations import (
    evaluation_lines,
    evaluation_notes,
    response_table,
    state_table,
    symbolic_lines,
)
from exactqse.report.games import (
    assumption_lines,
    catalogue_blocks,
    game_summary,
    graph_lines,
    reward_tables,
)
from exactqse.report.learning import (
    learning_document,
    learning_lines,
    learning_table,
    summary_document,
)
from exactqse.report.pictures import draw_learning, draw_sweep, drawable
from exactqse.report.progress import working
from exactqse.report.sensitivities import (
    isolation_lines,
    sensitivities_document,
    sensitivity_lines,
    sensitivity_notes,
    sensitivity_table,
)
from exactqse.report.solutions import (
    check_lines,
    decision_lines,
    line,
    policy_lines,
    policy_notes,
    policy_table,
    solution_lines,
    verdict_line,
    weak_lines,
)
from exactqse.report.sweeps import sweep_document, sweep_lines, sweep_table
from exactqse.report.text import printable

__all__ = [
    "assumption_lines",
    "catalogue_blocks",
    "catalogue_document",
    "check_document",
    "check_lines",
    "dataset_document",
    "dataset_lines",
    "decision_document",
    "decision_lines",
    "draw_learning",
    "draw_sweep",
    "drawable",
    "evaluation_document",
    "evaluation_lines",
    "evaluation_notes",
    "game_document",
    "game_summary",
    "graph_lines",
    "isolation_lines",
    "learning_document",
    "learning_lines",
    "learning_table",
    "line",
    "policy_document",
    "policy_lines",
    "policy_notes",
    "policy_table",
    "printable",
    "response_table",
    "reward_tables",
    "sensitivities_document",
    "sensitivity_lines",
    "sensitivity_notes",
    "sensitivity_table",
    "show_document",
    "solution_document",
    "solution_lines",
    "state_table",
    "summary_document",
    "sweep_document",
    "sweep_lines",
    "sweep_table",
    "symbolic_document",
    "symbolic_lines",
    "to_json",
    "verdict_line",
    "weak_document",
    "weak_lines",
    "working",
]
