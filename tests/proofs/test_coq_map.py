"""The map in proofs/README.md and the Coq theories name each other; read as text, without Coq."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COQ = ROOT / "proofs" / "coq"
README = (ROOT / "proofs" / "README.md").read_text(encoding="utf-8")
_STATED = re.compile(r"^ *(?:Theorem|Corollary|Lemma) ([A-Za-z_0-9']+)", re.MULTILINE)
_THEOREM = re.compile(r"^(?:Theorem|Corollary) ([A-Za-z_0-9']+)", re.MULTILINE)
_COMMENT = re.compile(r"\(\*.*?\*\)", re.DOTALL)
_NAME = re.compile(r"`([A-Z][A-Za-z]+)\.([A-Za-z_0-9']+)`")
TEXTS = {
    path.stem: path.read_text(encoding="utf-8") for path in sorted((COQ / "theories").glob("*.v"))
}


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table of a section, without its head."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def theorems(name: str) -> list[str]:
    return _THEOREM.findall(_COMMENT.sub(" ", TEXTS[name]))


def test_every_lemma_of_the_map_has_a_coq_name_or_a_reason() -> None:
    cells = [row[4] for row in rows("The map")]
    assert len(cells) >= 24
    for cell in cells:
        assert _NAME.search(cell) or re.match(r"not yet: \w+", cell), cell


@pytest.mark.parametrize("row", rows("The map"), ids=lambda row: row[1])
def test_coq_names_of_the_map_exist(row: list[str]) -> None:
    for theory, name in _NAME.findall(row[4]):
        assert name in _STATED.findall(_COMMENT.sub(" ", TEXTS[theory])), f"{theory}.{name}"


def test_the_theories_are_listed_with_all_their_theorems() -> None:
    listed = {
        row[0].strip("`"): re.findall(r"`([\w']+)`", row[2]) for row in rows("What Coq has checked")
    }
    assert listed == {name: theorems(name) for name in listed}
    assert set(listed) == set(TEXTS)


def test_the_project_lists_every_theory_in_order_of_need() -> None:
    lines = (COQ / "_CoqProject").read_text(encoding="utf-8").splitlines()
    order = [line.removeprefix("theories/")[:-2] for line in lines if line.endswith(".v")]
    assert sorted(order) == sorted(TEXTS)
    for name, text in TEXTS.items():
        match = re.search(r"^From ExactQSE Require Import ([\w ]+)\.$", text, re.MULTILINE)
        needed = match[1].split() if match else []
        assert all(order.index(other) < order.index(name) for other in needed)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_theory_names_pages_and_code_that_exist(name: str) -> None:
    text = TEXTS[name]
    found = re.findall(r"proofs/[a-z0-9-]+\.md|exactqse/[a-z/]+\.py", text)
    assert [path for path in found if not (ROOT / path).is_file()] == []
    assert text.startswith("(** ")


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_nothing_is_left_open(name: str) -> None:
    body = _COMMENT.sub(" ", TEXTS[name])
    assert not re.search(r"\b(Admitted|admit|Axioms?|Conjecture|Parameters?|Abort)\b", body)
    assert body.count("Proof.") == body.count("Qed.") > 0


def test_code_names_theorems_that_exist() -> None:
    emitted = (ROOT / "exactqse" / "coq" / "emit.py").read_text(encoding="utf-8")
    used = set(re.findall(r"accepted_sound|policy_of|admissible|meaning|place", emitted))
    stated = "".join(TEXTS.values())
    assert "accepted_sound" in used
    assert all(
        re.search(rf"^ *(?:Definition|Theorem) {word}\b", stated, re.MULTILINE) for word in used
    )


def test_terms_are_made_of_constructors_that_exist() -> None:
    terms = (ROOT / "exactqse" / "coq" / "terms.py").read_text(encoding="utf-8")
    made = set(
        re.findall(
            r"\b(?:H|E)(?:Up|Down|Touch|Split|Leaf)\b|\b(?:Table|Row|Node|Certificate) (?=\{)",
            terms,
        )
    )
    made = {word.strip() for word in made}
    assert len(made) >= 7
    stated = "".join(TEXTS.values())
    assert all(re.search(rf"[|=]\s*{word}\b", stated) for word in made)
