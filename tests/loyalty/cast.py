"""Someone at a screen: a log-in, its member and a place in the program."""

from __future__ import annotations

from typing import NamedTuple

from loyalty.models import Enrollment, Program
from members.models import Member, User
from tests.loyalty import shop


class Person(NamedTuple):
    user: User
    member: Member
    enrollment: Enrollment


def person(program: Program, name: str = "Anna", language: str = "en") -> Person:
    user = User.objects.create_user(f"{name.lower()}@example.com", "a long enough password", language=language)
    member = shop.member(name, user=user, email=user.email, language=language)
    return Person(user, member, shop.place(member, program))
