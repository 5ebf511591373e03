"""Packages whose names are imported when first used (PEP 562): a part costs only itself."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from typing import Any


def lazy(
    package: str, homes: Mapping[str, str], subpackages: Collection[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The functions ``__getattr__`` and ``__dir__`` of a package.

    Args:
        package: the package's name; it has an ``__all__``.
        homes: where each name comes from: a module, named from the package on.
        subpackages: those that are attributes of the package without having been imported.
    """

    def find(name: str) -> Any:
        if name in subpackages:
            return import_module(f"{package}.{name}")
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{homes[name]}"), name)

    def names() -> list[str]:
        own = vars(sys.modules[package])
        return sorted({*own["__all__"], *subpackages, *(n for n in own if n.startswith("__"))})

    return find, names
