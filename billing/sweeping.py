"""Work that is done by the clock, each thing by itself: one that fails is logged, and holds up none after it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


def one_by_one(things: Iterable[T], act: Callable[[T], object], what: str) -> int:
    """How many went through. what: how the log calls such a thing."""
    done = 0
    for each in things:
        try:
            act(each)
        except Exception:
            log.exception("%s %s failed; the others go on", what, getattr(each, "pk", getattr(each, "__name__", each)))
        else:
            done += 1
    return done
