"""Finding all parts of a kind in a document, wherever they stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from msgspec import Struct

Part = TypeVar("Part", bound=Struct)


def parts_of(part: Any, kind: type[Part], path: str = "") -> Iterator[tuple[str, Part]]:
    """(where it stands, the part) in the order of the document. A part inside one of the same kind is found too."""
    if isinstance(part, kind):
        yield path, part
    if isinstance(part, Struct):
        for name in part.__struct_fields__:
            yield from parts_of(getattr(part, name), kind, f"{path}.{name}".lstrip("."))
    elif isinstance(part, tuple):
        for index, each in enumerate(part):
            yield from parts_of(each, kind, f"{path}[{index}]")
