"""What other rooms do about a document: check it before it is published, say what it does to members, follow it once it
is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from core import clock
from core.actor import Actor
from loyalty.definition.document import Document
from loyalty.definition.problems import Problem
from loyalty.models import Program

Check = Callable[[Program, Document], Iterable[Problem]]
# The same with the moment from which the document would hold: by then more has opened than has now.
TimedCheck = Callable[[Program, Document, datetime], Iterable[Problem]]
# Program, its published document, the version's number, from when it holds (None: at once), who published it.
Follower = Callable[[Program, Document, int, datetime | None, Actor], None]
# Program and what would become its document: what that means to members, a sentence each, in the reader's language.
Foreteller = Callable[[Program, Document], Iterable[str]]
_checks: list[Check] = []
_timed: list[TimedCheck] = []
_foretellers: list[Foreteller] = []
_followers: list[Follower] = []


def on_publish_check(check: Check) -> None:
    """Called once in ready()."""
    if check not in _checks:
        _checks.append(check)


def on_timed_check(check: TimedCheck) -> None:
    """Called once in ready()."""
    if check not in _timed:
        _timed.append(check)


def rooms_problems(program: Program, document: Document, since: datetime | None = None) -> list[Problem]:
    """What the rooms have against the document becoming this program's, from then on; now unless it is said."""
    moment = since or clock.now()
    found = [problem for check in _checks for problem in check(program, document)]
    return [*found, *(problem for timed in _timed for problem in timed(program, document, moment))]


def on_publish_asked(foreteller: Foreteller) -> None:
    """Called once in ready()."""
    if foreteller not in _foretellers:
        _foretellers.append(foreteller)


def rooms_foretell(program: Program, document: Document) -> list[str]:
    """What whoever is about to publish the document should know of members. Nothing is changed by asking."""
    return [sentence for foreteller in _foretellers for sentence in foreteller(program, document)]


def on_published(follower: Follower) -> None:
    """Called once in ready(). The follower runs in the publication's transaction, under the program's lock."""
    if follower not in _followers:
        _followers.append(follower)


def rooms_follow(program: Program, document: Document, number: int, since: datetime | None, actor: Actor) -> None:
    for follower in _followers:
        follower(program, document, number, since, actor)
