"""Coq: without it these tests are skipped, or fail where NEEDS_COQ says that it must be there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from exactqse.coq.compiler import theories_folder
from exactqse.errors import FileError


@pytest.fixture(scope="session")
def theories() -> Path:
    """The compiled theories."""
    try:
        folder = theories_folder()
    except FileError as error:
        missing = str(error)
    else:
        if shutil.which("coqc"):
            return folder
        missing = "coqc is not installed"
    reason = f"NOT RUN: the tests that ask Coq ({missing}); make proofs installs, compiles and runs"
    if os.environ.get("NEEDS_COQ"):
        pytest.fail(reason)
    pytest.skip(reason)
