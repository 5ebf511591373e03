from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from exactqse.claims import Claim, builtin, from_file, gathered, registry, selected
from exactqse.errors import ClaimError, FileError

SOURCE = """
from flint import arb
from exactqse.arithmetic.balls import ball
from exactqse.claims import Claim

CLAIM = Claim(
    id="{id}",
    title="squares",
    statement="2x is at most 1 + x^2",
    latex="2x",
    source="school",
    relation="<=",
    sides=lambda x, bits: [(2 * ball(x), 1 + ball(x) * ball(x))],
    build=lambda draw: draw.real(0, 5),
    document=lambda x: {{"x": str(x)}},
)
ALIAS = [CLAIM]
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(text)
    return path


def test_a_file_registers_its_claims_once(tmp_path: Path) -> None:
    path = written(tmp_path, SOURCE.format(id="MINE"))
    (claim,) = from_file(path)
    assert claim.id == "MINE"
    everything = gathered([path])
    assert everything[:-1] == builtin()
    assert everything[-1].id == "MINE"


def test_an_id_is_used_once(tmp_path: Path) -> None:
    path = written(tmp_path, SOURCE.format(id="C3"))
    with pytest.raises(ClaimError, match="C3: is the id of another claim"):
        gathered([path])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "mine.py: registers no claim"),
        ("1 / 0", "mine.py: cannot be loaded: ZeroDivisionError"),
        ("def f(:", "mine.py: cannot be loaded: SyntaxError"),
    ],
)
def test_files_without_claims_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ClaimError, match=message):
        from_file(written(tmp_path, text))


def test_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="there is no such file"):
        from_file(tmp_path / "absent.py")
    (tmp_path / "mine.txt").write_text("x = 1")
    with pytest.raises(FileError, match="not a Python file"):
        from_file(tmp_path / "mine.txt")


def test_packages_register_by_an_entry_point(
    toy: Claim[Fraction], monkeypatch: pytest.MonkeyPatch
) -> None:
    def entries(**values: Any) -> list[Any]:
        assert values == {"group": "exactqse.claims"}
        return [SimpleNamespace(name="toys", load=lambda: [toy])]

    monkeypatch.setattr(registry, "entry_points", entries)
    assert gathered()[-1] is toy

    def broken(**_: Any) -> list[Any]:
        return [SimpleNamespace(name="toys", load=lambda: 1 / 0)]

    monkeypatch.setattr(registry, "entry_points", broken)
    with pytest.raises(ClaimError, match="entry point toys: cannot be loaded"):
        gathered()


def test_a_family_is_selected_by_its_number() -> None:
    claims = builtin()
    assert [c.id for c in selected(claims, ["C2"])] == ["C2a", "C2b", "C2c"]
    assert [c.id for c in selected(claims, ["C3", "C1c"])] == ["C1c", "C3"]
    assert [c.id for c in selected(claims, ["C1"])] == ["C1a", "C1b", "C1c"]
    assert selected(claims, []) == claims
    with pytest.raises(ClaimError, match="C99: no claim has this id; did you mean"):
        selected(claims, ["C99"])
    with pytest.raises(ClaimError, match="see: exactqse claims list"):
        selected(claims, ["zzz"])
