"""What rooms above put on the home page, in the menu and above every page: each registers it, so that this room needn't
know of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from loyalty.models import Enrollment
from loyalty.showcase import Naming

Context = dict[str, Any]
VisitorRead = Callable[[int, Mapping[str, Naming]], Context]


class Part(NamedTuple):
    """A template and what it shows."""

    template: str
    context: Context


class Link(NamedTuple):
    """A page that not every program has. view: its name; within: names of views that belong to it."""

    address: str
    label: str
    icon: str
    view: str
    within: tuple[str, ...] = ()


class Banner(NamedTuple):
    """What must be seen on every page until it is seen to. view: the page that it leads to, which doesn't show it."""

    text: str
    address: str
    action: str
    view: str


_banners: list[Callable[[Enrollment], Iterable[Banner]]] = []
_links: list[Callable[[Enrollment], Iterable[Link]]] = []
_for_members: list[tuple[str, Callable[[Enrollment], Context]]] = []
_for_visitors: list[tuple[str, VisitorRead]] = []


def member_part(template: str, read: Callable[[Enrollment], Context]) -> None:
    """Called once in ready(): a part of a member's home page."""
    _for_members.append((template, read))


def member_link(read: Callable[[Enrollment], Iterable[Link]]) -> None:
    """Called once in ready(): pages for the menu, where the member's program has them."""
    _links.append(read)


def member_links(enrollment: Enrollment) -> list[Link]:
    return [link for read in _links for link in read(enrollment)]


def member_banner(read: Callable[[Enrollment], Iterable[Banner]]) -> None:
    """Called once in ready(): what is shown above every page of a member's, while there is anything to show."""
    _banners.append(read)


def member_banners(enrollment: Enrollment) -> list[Banner]:
    return [banner for read in _banners for banner in read(enrollment)]


def visitor_part(template: str, read: VisitorRead) -> None:
    """Called once in ready(): a part of the page that a visitor sees. read(program id, currencies by code)."""
    _for_visitors.append((template, read))


def member_parts(enrollment: Enrollment) -> list[Part]:
    return [Part(template, read(enrollment)) for template, read in _for_members]


def visitor_parts(program_id: int, currencies: Mapping[str, Naming]) -> list[Part]:
    return [Part(template, read(program_id, currencies)) for template, read in _for_visitors]
