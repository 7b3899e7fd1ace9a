"""What other modules put on a membership's page, below what every membership has: each registers a part of its own."""

from __future__ import annotations

from collections.abc import Callable

from billing.selectors import Held
from loyalty.home import Context, Part

_parts: list[tuple[str, Callable[[Held], Context | None]]] = []


def membership_part(template: str, read: Callable[[Held], Context | None]) -> None:
    """Called once in ready(). read(held) says what the template shows as `part`; None: nothing of it for this one."""
    _parts.append((template, read))


def membership_parts(held: Held) -> list[Part]:
    found = [(template, read(held)) for template, read in _parts]
    return [Part(template, context) for template, context in found if context is not None]
