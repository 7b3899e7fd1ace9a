"""The members' menu beyond what every program has: in the top bar on wide screens, on home and profile on phones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from loyalty.access import enrollment_chosen
from loyalty.errors import ProgramUnpublished
from loyalty.home import Banner, Link, member_banners, member_links
from loyalty.models import Enrollment
from loyalty.selectors import program_of


class Item(NamedTuple):
    """current: what aria-current says, empty for none."""

    link: Link
    current: str


def own_links(enrollment: Enrollment) -> Iterator[Link]:
    """This room's: where the program gives achievements, and where it has leaderboards."""
    document = program_of(enrollment).document
    if document.achieving or document.badges:
        yield Link("/achievements/", _("Achievements"), "spark", "loyalty:achievements")
    if document.leaderboards:
        yield Link("/leaderboards/", _("Leaderboards"), "star", "loyalty:leaderboards")


def menu(request: HttpRequest) -> dict[str, Any]:
    """more_links, banners: read when a template asks, for many pages have no menu."""
    return {
        "more_links": SimpleLazyObject(lambda: _items(request)),
        "banners": SimpleLazyObject(lambda: _banners(request)),
    }


def _enrollment(request: HttpRequest) -> Enrollment | None:
    if not hasattr(request, "enrollment"):
        return enrollment_chosen(request)
    chosen: Enrollment | None = request.enrollment
    return chosen


def _banners(request: HttpRequest) -> list[Banner]:
    enrollment = _enrollment(request)
    return member_banners(enrollment) if enrollment is not None else []


def _items(request: HttpRequest) -> list[Item]:
    enrollment = _enrollment(request)
    here = request.resolver_match.view_name if request.resolver_match is not None else ""
    if enrollment is None:
        return []
    try:
        return [Item(link, _current(link, here)) for link in member_links(enrollment)]
    except ProgramUnpublished:
        return []


def _current(link: Link, here: str) -> str:
    if here == link.view:
        return "page"
    return "true" if here in link.within else ""
