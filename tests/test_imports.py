"""What an import loads, and that a function keeps its name from a subpackage of the same name."""

from __future__ import annotations

import ast
import asyncio
import sys
from asyncio.subprocess import PIPE
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import exactqse
from exactqse.games import get

HEAVY = {
    "numpy",
    "flint",
    "scipy",
    "sympy",
    "mpmath",
    "networkx",
    "hypothesis",
    "typer",
    "rich",
    "gymnasium",
}
GAME = "exactqse.games.get('conitzer-sandholm-2006')"
UNIFORM = f"{GAME}, exactqse.Policy.uniform({GAME})"
PACKAGES = (
    "exactqse",
    "exactqse.arithmetic",
    "exactqse.claims",
    "exactqse.evaluate",
    "exactqse.model",
    "exactqse.simulate",
)


def printed(program: str) -> str:
    """What a program prints in a fresh interpreter."""

    async def run() -> tuple[int | None, bytes, bytes]:
        words = (sys.executable, "-W", "error", "-c", program)
        process = await asyncio.create_subprocess_exec(*words, stdout=PIPE, stderr=PIPE)
        out, err = await process.communicate()
        return process.returncode, out, err

    code, out, err = asyncio.run(run())
    assert (code, err.decode()) == (0, "")
    return out.decode()


def loaded(program: str) -> set[str]:
    """The heavy packages that a program leaves loaded."""
    asked = f"print(*({HEAVY} & set(__import__('sys').modules)))"
    return set(printed(f"{program}\n{asked}").splitlines()[-1].split())


@pytest.mark.parametrize(
    "program",
    [
        "import exactqse.kernel.check",
        "import exactqse.kernel.gamefile, exactqse.kernel.certificate, exactqse.errors",
        "import exactqse; exactqse.check, exactqse.Certificate, exactqse.Enclosure, dir(exactqse)",
    ],
)
def test_the_kernel_loads_the_standard_library_only(program: str) -> None:
    assert loaded(program) == set()


@pytest.mark.parametrize(
    ("program", "parts"),
    [
        (f"exactqse.solve({GAME}, 5)", {"numpy", "flint"}),
        (f"exactqse.evaluate({UNIFORM})", {"numpy", "flint"}),
        (f"exactqse.evaluate_float64({UNIFORM})", {"numpy"}),
        (f"exactqse.evaluate_symbolic({UNIFORM})", {"numpy", "sympy", "mpmath", "flint"}),
        (f"exactqse.model.describe_graph({GAME})", {"numpy", "networkx"}),
        ("exactqse.formats.read_nfg", {"numpy"}),
        ("exactqse.claims.Draw", {"numpy"}),
        ("exactqse.claims.Claim", {"numpy", "flint"}),
        ("exactqse.claims.run", {"numpy", "flint", "scipy"}),
        (f"exactqse.simulate.Environment({GAME}), exactqse.simulate.Dataset", {"numpy"}),
        (f"exactqse.simulate.LeaderEnv({GAME})", {"numpy", "gymnasium"}),
        ("exactqse.run_online, exactqse.run_offline", {"numpy", "flint"}),
        ("exactqse.testing.LearnerConformance", {"numpy", "flint"}),
        ("exactqse.testing.games", {"numpy", "flint", "hypothesis"}),
    ],
)
def test_a_part_costs_only_itself(program: str, parts: set[str]) -> None:
    assert loaded(f"import exactqse; {program}") == parts


def test_the_command_line_loads_what_a_command_needs(tmp_path: Path) -> None:
    game, certificate = tmp_path / "game.json", tmp_path / "certificate.json"
    get("conitzer-sandholm-2006").save(game)
    exactqse.solve(get("conitzer-sandholm-2006"), 5).certificate.save(certificate)
    main = "from exactqse.cli import main; assert main({}) == 0"
    assert loaded(main.format(["--version"])) == {"typer", "rich"}
    check = ["check", str(game), str(certificate)]
    assert loaded(main.format(check)) == {"typer", "rich", "numpy"}
    flint = [*check, "--arithmetic", "flint"]
    assert loaded(main.format(flint)) == {"typer", "rich", "numpy", "flint"}
    assert loaded(main.format(["claims", "show", "C3"])) == {"typer", "rich", "numpy", "flint"}
    solve = ["solve", str(game)]
    assert loaded(main.format(solve)) == {"typer", "rich", "numpy", "flint"}


@pytest.mark.parametrize(
    "program",
    [
        "import exactqse",
        "import exactqse.solve, exactqse.evaluate",
        "import exactqse.evaluate.symbolic, exactqse.solve.api",
        "from exactqse.evaluate import evaluate_float64; from exactqse.solve import decide",
        "import exactqse.solve as first, exactqse.evaluate as second",
        "import exactqse.testing",
        "import exactqse.cli",
        "from exactqse import *; import exactqse.evaluate.float64, exactqse.solve.solution",
        "from exactqse import solve, evaluate; import exactqse.evaluate",
        "from importlib import import_module as f; f('exactqse.solve'); f('exactqse.evaluate')",
        "import exactqse; exactqse.solve; exactqse.evaluate; import exactqse.solve",
    ],
)
def test_the_function_wins_whatever_was_imported_first(program: str) -> None:
    asked = """
import exactqse, sys
from exactqse import evaluate, solve
from exactqse.evaluate.enclosures import evaluate as first
from exactqse.solve.api import solve as second
print(exactqse.evaluate is evaluate is first, exactqse.solve is solve is second)
print(*(type(sys.modules[name]).__name__ for name in ("exactqse.evaluate", "exactqse.solve")))
"""
    assert printed(program + asked) == "True True\nmodule module\n"


def declared(package: ModuleType) -> dict[str, str]:
    """Name and module of every import under ``if TYPE_CHECKING``."""
    assert package.__file__ is not None
    tree = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    blocks = [node for node in tree.body if isinstance(node, ast.If)]
    imports = [node for node in blocks[0].body if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(node.module) for node in imports for alias in node.names}


@pytest.mark.parametrize("name", PACKAGES)
def test_names_are_what_a_type_checker_is_told(name: str) -> None:
    package = import_module(name)
    names = declared(package)
    assert set(package.__all__) - {"__version__", "Enclosure"} <= set(names)
    for public, module in names.items():
        found = getattr(package, public)
        assert found is getattr(import_module(module), public)
        assert public in dir(package)
    with pytest.raises(AttributeError, match=f"module '{name}' has no attribute 'absent'"):
        _ = package.absent


def test_dir_is_the_public_face() -> None:
    public = {name for name in dir(exactqse) if not name.startswith("_")}
    assert public == set(declared(exactqse))
    assert exactqse.__version__ == vars(exactqse)["__version__"]
