"""Which claims there are: those of this package, those of a file, those of installed packages.

A module named by an entry point of the group ``exactqse.claims``, or a Python file that a user
names, registers every Claim and Coverage among its global variables, alone or in a tuple or list.
"""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from exactqse.claims.claim import Claim, Coverage
from exactqse.errors import ClaimError, FileError

AnyClaim = Claim[Any] | Coverage
GROUP = "exactqse.claims"
_MODULES = (
    "gibbs",
    "response",
    "hellinger",
    "stages",
    "majorants",
    "sensitivity",
    "difference",
    "plugin",
    "potential",
    "logit",
    "confidence",
    "learning",
    "strong_limit",
    "uniform_limit",
    "leaders",
)


def builtin() -> tuple[AnyClaim, ...]:
    """The claims of this package, in the order of their ids."""
    found: list[AnyClaim] = []
    for name in _MODULES:
        found += import_module(f"exactqse.claims.{name}").CLAIMS
    return tuple(sorted(found, key=_order))


def installed() -> tuple[AnyClaim, ...]:
    """The claims that installed packages register by an entry point.

    Raises:
        ClaimError: an entry point cannot be loaded, or has no claims.
    """
    found: list[AnyClaim] = []
    for entry in entry_points(group=GROUP):
        where = f"entry point {entry.name}"
        try:
            value = entry.load()
        except Exception as error:
            raise ClaimError(_said(error), where=where) from error
        claims = [*_claims_in(vars(value).values() if hasattr(value, "__file__") else [value])]
        found += _some(claims, where)
    return tuple(found)


def from_file(path: str | os.PathLike[str]) -> tuple[AnyClaim, ...]:
    """The claims of a Python file, which is run.

    Raises:
        FileError: there is no such file.
        ClaimError: it fails, or has no claims.
    """
    where = os.fspath(path)
    if not Path(path).is_file():
        raise FileError("there is no such file", where=where, remedy="name a Python file")
    name = f"exactqse_claims_of_{abs(hash(where))}"
    spec = spec_from_file_location(name, where)
    if spec is None or spec.loader is None:
        raise FileError("is not a Python file", where=where, remedy="its name has to end in .py")
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ClaimError(_said(error), where=where) from error
    finally:
        del sys.modules[name]
    return tuple(_some([*_claims_in(vars(module).values())], where))


def gathered(files: Iterable[str | os.PathLike[str]] = ()) -> tuple[AnyClaim, ...]:
    """All claims: built in, installed, and of these files. Raises ClaimError for an id in use."""
    found: dict[str, AnyClaim] = {}
    for claim in (*builtin(), *installed(), *(c for path in files for c in from_file(path))):
        if claim.id in found:
            raise ClaimError("is the id of another claim", where=claim.id, remedy="choose another")
        found[claim.id] = claim
    return tuple(found.values())


def selected(claims: Sequence[AnyClaim], ids: Sequence[str]) -> tuple[AnyClaim, ...]:
    """Those with one of these ids, or a letter more (C2 is C2a, C2b, C2c); all without ids.

    Raises:
        ClaimError: no claim has such an id.
    """
    if not ids:
        return tuple(claims)
    for wanted in ids:
        if not any(_matches(claim.id, wanted) for claim in claims):
            near = _near(wanted, [claim.id for claim in claims])
            remedy = f"did you mean {' or '.join(near)}?" if near else "see: exactqse claims list"
            raise ClaimError("no claim has this id", where=wanted[:80], remedy=remedy)
    return tuple(c for c in claims if any(_matches(c.id, wanted) for wanted in ids))


def _matches(name: str, wanted: str) -> bool:
    rest = name.removeprefix(wanted)
    return name == wanted or (rest != name and len(rest) == 1 and rest.isalpha())


def _near(wanted: str, ids: Sequence[str]) -> list[str]:
    """What may have been meant: in other letters, then what is spelt alike."""
    same = [name for name in ids if _matches(name.lower(), wanted.lower())]
    families = {name[: len(wanted)] for name in same}  # C2 for c2, where it is C2a, C2b and C2c
    return sorted(families) or difflib.get_close_matches(wanted, ids, n=3)


def _claims_in(values: Iterable[object]) -> Iterator[AnyClaim]:
    for value in list(values):
        if isinstance(value, Claim | Coverage):
            yield value
        elif isinstance(value, tuple | list):
            yield from (part for part in value if isinstance(part, Claim | Coverage))


def _some(claims: list[AnyClaim], where: str) -> list[AnyClaim]:
    unique = list({id(claim): claim for claim in claims}.values())
    if not unique:
        remedy = "make a Claim or a Coverage a global variable of it"
        raise ClaimError("registers no claim", where=where, remedy=remedy)
    return unique


def _said(error: Exception) -> str:
    return f"cannot be loaded: {type(error).__name__}: {' '.join(str(error).split())[:200]}"


def _order(claim: AnyClaim) -> tuple[int, str]:
    digits = "".join(c for c in claim.id if c.isdigit())
    return int(digits or 0), claim.id
