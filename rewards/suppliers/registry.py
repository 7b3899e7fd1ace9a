"""Which suppliers there are: every folder here with a module `supplier` that holds a KIND."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path

from rewards.suppliers.protocol import SupplierKind

FOLDER = Path(__file__).resolve().parent


@cache
def kinds() -> dict[str, SupplierKind]:
    """Name → kind. A folder whose KIND has another name than the folder is a bug, and found at once."""
    found: dict[str, SupplierKind] = {}
    for each in pkgutil.iter_modules([str(FOLDER)]):
        if each.ispkg:
            kind = import_module(f"rewards.suppliers.{each.name}.supplier").KIND
            if not isinstance(kind, SupplierKind) or kind.name != each.name:
                raise TypeError(f"rewards/suppliers/{each.name}/supplier.py has no KIND named {each.name}")
            found[kind.name] = kind
    return found
