"""Rewards as the document writes them, members with points, and what is done with both in the tests."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from core import clock
from loyalty.models import Enrollment, Program
from rewards.catalogue import reward_save
from rewards.models import Redemption, Reward
from rewards.services import reward_redeem
from tests.loyalty import shop

POINTS = {"points": 100, "currency": "points"}
_keys = count()


def made(program: Program, code: str = "coffee", **fields: Any) -> Reward:
    plain = {"code": code, "name": {"en": code.title(), "nl": f"{code} nl"}, "prices": [POINTS], **fields}
    return reward_save(program=program, plain=plain, actor=shop.STAFF)


def rich(program: Program, euros: int = 500, name: str = "Anna", **fields: Any) -> Enrollment:
    who = shop.member(name, **fields)
    if euros:
        shop.send(shop.order(who, euros))
    return shop.place(who, program)


def take(place: Enrollment, reward: Reward, **more: Any) -> Redemption:
    more.setdefault("key", f"k{next(_keys)}")
    return reward_redeem(enrollment=place, reward=reward, actor=shop.PARTNER, **more)


def later(monkeypatch: pytest.MonkeyPatch, **delta: float) -> None:
    moment = clock.now() + timedelta(**delta)
    monkeypatch.setattr(clock, "now", lambda: moment)
