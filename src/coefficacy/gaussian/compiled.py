"""Machine code that is kept on disk until any kernel's source changes."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from numba import njit
from numba.core.ccallback import CFunc
from numba.core.sigutils import normalize_signature

__all__ = ["VERSION", "callback", "compiled"]


def _version() -> str:
    """Of the kernels' sources: numba looks at one file each, and installers may keep its date."""
    package = Path(__file__).parents[1]
    sources = sorted(p for part in ("gaussian", "tape") for p in (package / part).glob("*.py"))
    return sha256(b"".join(p.read_bytes() for p in sources)).hexdigest()[:16]


VERSION = _version()


def compiled(function: Callable[..., Any]) -> Any:
    """Compile when first called, without Python's lock, with IEEE rules for division."""
    made: Any = njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)(function)
    made._cache._cache_file._source_stamp = VERSION
    return made


def callback(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a C function at once."""

    def make(function: Callable[..., Any]) -> Any:
        made: Any = CFunc(function, normalize_signature(signature), {}, {"error_model": "numpy"})
        made.enable_caching()
        made._cache._cache_file._source_stamp = VERSION
        made.compile()
        return made

    return make
