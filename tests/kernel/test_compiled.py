"""The kernel's functions are cached in a folder of their own, and nobody else's are."""

import os
import subprocess
import sys

import pytest

from gpt_trader.errors import StorageError
from gpt_trader.kernel.compiled import njit
from gpt_trader.kernel.copies import middles
from gpt_trader.kernel.fees import roll_fees

CODE = """
import os, sys
import numba
from gpt_trader.kernel import CACHE_DIR
from gpt_trader.kernel.features.averages import sma
from gpt_trader.kernel.simulate import simulate

assert sma._cache.cache_path.startswith(str(CACHE_DIR)), sma._cache.cache_path
assert os.environ.get("NUMBA_CACHE_DIR", "") == numba.config.CACHE_DIR == sys.argv[1]
"""


@pytest.mark.compiled
@pytest.mark.parametrize("theirs", ["", "/somewhere"])
def test_whoever_imports_numba_first_and_with_what(theirs, tmp_path):
    env = os.environ | {"GPT_TRADER_CACHE_DIR": str(tmp_path), "NUMBA_CACHE_DIR": theirs}
    done = subprocess.run(
        [sys.executable, "-c", CODE, theirs], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.compiled
def test_where_nothing_can_be_kept_the_setting_is_named():
    scope = {}
    exec("def double(x): return 2 * x", scope)  # noqa: S102 - of no file, so numba keeps it nowhere
    with pytest.raises(StorageError, match="cannot be kept in") as told:
        njit(cache=True)(scope["double"])
    assert "GPT_TRADER_CACHE_DIR" in told.value.hint


@pytest.mark.compiled
@pytest.mark.parametrize("function", [middles, roll_fees])
def test_other_threads_run_while_it_does(function):
    assert function.targetoptions["nogil"] is True
