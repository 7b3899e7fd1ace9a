"""Typed shapes, made ready before threads use them.

msgspec works a Struct's types out at its first use, in Python code that lets other threads run, and a second thread
that comes by meanwhile reads what is half made: the process dies of a segmentation fault (seen in a web worker whose
first two requests came together, with the recursive conditions). So every shape is used once, alone, at start-up.
"""

from __future__ import annotations

from importlib import import_module

import msgspec
from django.conf import settings


def structs_prepare() -> int:
    """Have all shapes of the product worked out; how many there were. For processes with threads, before the first."""
    for name in (settings.ROOT_URLCONF, settings.PUBLIC_SCHEMA_URLCONF, settings.OPERATOR_URLCONF):
        import_module(name)  # the rooms' API shapes come with their views
    prepared = 0
    for struct in _subclasses(msgspec.Struct):
        try:
            msgspec.json.Decoder(struct)
        except (TypeError, NameError):
            continue  # holds what JSON can't say, so nobody decodes into it
        prepared += 1
    return prepared


def _subclasses(base: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    found: dict[type[msgspec.Struct], None] = {}
    todo = list(base.__subclasses__())
    while todo:
        struct = todo.pop()
        if struct not in found:
            found[struct] = None
            todo += struct.__subclasses__()
    return list(found)
