"""The map in proofs/README.md and the claims name each other, both ways."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from exactqse.claims.registry import builtin

PROOFS = Path(__file__).resolve().parents[2] / "proofs"
HEADING = "\n## Which claims test which page\n"
_ROW = re.compile(r"^\| `([a-z0-9-]+\.md)` \| ([C0-9a-z, ]+) \|$", re.MULTILINE)


def listed() -> dict[str, list[str]]:
    """The claims of each page, as the map has them."""
    section = (PROOFS / "README.md").read_text(encoding="utf-8").split(HEADING)[1].split("\n## ")[0]
    rows = _ROW.findall(section)
    assert len(rows) == section.count("\n| ") - 2  # all but the head can be read
    assert len({page for page, _ in rows}) == len(rows)
    return {page: claims.split(", ") for page, claims in rows}


def test_every_claim_is_listed_with_its_page_and_no_other() -> None:
    stated = defaultdict(list)
    for claim in builtin():
        stated[claim.source.removeprefix("proofs/")].append(claim.id)
    assert listed() == stated
    assert len(stated) >= 18


def test_claims_name_pages_that_exist() -> None:
    assert all((PROOFS / page).is_file() for page in listed())
