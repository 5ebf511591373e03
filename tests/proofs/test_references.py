"""Code and proof pages refer to each other, both ways."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROOFS = ROOT / "proofs"
PAGES = sorted(page.name for page in PROOFS.glob("*.md") if page.name != "README.md")
MODULES = sorted((ROOT / "exactqse").rglob("*.py"))
_MENTION = re.compile(r"proofs/([A-Za-z0-9-]+\.md)")
_REFERENCE = re.compile(r"- `(exactqse/[a-z0-9_/]+\.py): ([A-Za-z0-9_.]+)`")
_PAGE_NAME = re.compile(r"(?<![/\w-])([a-z0-9-]+\.md)\b")


def _relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _mentions() -> set[tuple[str, str]]:
    """(module, page) for every page that a module names."""
    return {
        (_relative(module), page)
        for module in MODULES
        for page in _MENTION.findall(module.read_text(encoding="utf-8"))
    }


def _used_in(page: str) -> list[tuple[str, str]]:
    """(module, name) for every line of the page's last section."""
    head, mark, tail = (PROOFS / page).read_text(encoding="utf-8").partition("\n## Used in\n")
    assert mark, f"{page} has no section 'Used in'"
    lines = [line for line in tail.splitlines() if line]
    references = [_REFERENCE.fullmatch(line) for line in lines]
    assert head
    assert lines
    assert all(references), f"{page}: {lines}"
    return [(match[1], match[2]) for match in references if match]


def _names(path: Path) -> set[str]:
    """Every function and class of a module, methods as Class.method."""
    found: set[str] = set()

    def visit(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(prefix + node.name)
            if isinstance(node, ast.ClassDef):
                visit(node.body, f"{prefix}{node.name}.")

    visit(ast.parse(path.read_text(encoding="utf-8")).body, "")
    return found


def _map_pages() -> list[str]:
    text = (PROOFS / "README.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    return [page for row in rows for page in re.findall(r"\]\(([a-z0-9-]+\.md)\)", row)]


def test_there_are_pages_and_mentions() -> None:
    assert len(PAGES) >= 17
    assert len(_mentions()) >= 17


def test_every_page_that_code_names_exists() -> None:
    assert {page for _, page in _mentions()} <= set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_every_use_exists(page: str) -> None:
    for module, name in _used_in(page):
        assert (ROOT / module).is_file(), module
        assert name in _names(ROOT / module), f"{module} has no {name}"


@pytest.mark.parametrize("page", PAGES)
def test_every_use_is_answered(page: str) -> None:
    assert {(module, page) for module, _ in _used_in(page)} <= _mentions()


def test_every_mention_is_listed_by_its_page() -> None:
    listed = {(module, page) for page in PAGES for module, _ in _used_in(page)}
    assert _mentions() <= listed


def test_every_page_is_named_by_code() -> None:
    assert {page for _, page in _mentions()} == set(PAGES)


def test_the_map_has_every_page_once() -> None:
    assert sorted(_map_pages()) == PAGES


def test_the_map_names_real_code_and_real_tests() -> None:
    text = (PROOFS / "README.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in text.splitlines() if "](" in line and line[0] == "|"]
    tests = "".join(
        f.read_text(encoding="utf-8") for f in sorted(Path(__file__).parent.glob("*.py"))
    )
    assert len(rows) == len(PAGES)
    for _, _, _, code, test, _, _ in rows:
        assert (ROOT / code.strip().strip("`")).exists(), code
        assert f"def {test.strip().strip('`')}(" in tests, test


@pytest.mark.parametrize("page", PAGES)
def test_pages_name_only_pages_that_exist(page: str) -> None:
    text = (PROOFS / page).read_text(encoding="utf-8")
    assert set(_PAGE_NAME.findall(text)) <= set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_short(page: str) -> None:
    lines = (PROOFS / page).read_text(encoding="utf-8").splitlines()
    prose = [line for line in lines if line and not line.startswith(("|", "- `exactqse/"))]
    assert len(prose) <= 80
