"""What a sceptic has to read stays small: the trusted kernel has at most 1,500 lines of code."""

from __future__ import annotations

import ast
import tokenize
from io import StringIO
from pathlib import Path

KERNEL = Path(__file__).resolve().parents[1] / "exactqse" / "kernel"
MOST = 1500
_LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)


def code_lines(text: str) -> int:
    """Lines that are not blank, and not only a comment or part of a docstring."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(StringIO(text).readline):
        if token.type not in _LAYOUT:
            lines |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node) is not None:
            first = node.body[0]
            lines -= set(range(first.lineno, (first.end_lineno or 0) + 1))
    return len(lines)


def test_lines_are_counted() -> None:
    text = '"""One.\n\nTwo.\n"""\n\n# a comment\nx = [\n    1,  # another\n\n    2,\n]\n'
    assert code_lines(text) == 4
    assert code_lines(f'{text}\n\ndef f():\n    """Three."""\n    return """\n\n"""\n') == 8


def test_the_kernel_is_small() -> None:
    counts = {path.name: code_lines(path.read_text("utf-8")) for path in KERNEL.glob("*.py")}
    assert len(counts) == 15
    assert sum(counts.values()) <= MOST, counts
