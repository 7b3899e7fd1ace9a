"""Rewards that issue themselves: in the night, to everybody whose points reach the price, within the year's windows."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

from core.actor import system
from core.errors import Busy, DomainError
from loyalty.models import Enrollment, PointsAccount
from loyalty.nightly import Night
from rewards.models import Reward
from rewards.offering import option_of
from rewards.pieces import money_currency_of, piece_of
from rewards.section import AutoIssue, RewardPiece, Window
from rewards.services import reward_redeem

AT_ONCE = 500
TRIES = 5


def auto_issue(night: Night) -> Iterator[int]:
    """The step of the night. A day that is run twice finds what it issued by its key, and the points gone."""
    rows = Reward.objects.filter(program=night.program, active=True, takeable=True).exclude(body={})
    for reward in rows.order_by("position", "pk"):
        piece = piece_of(reward)
        if piece.auto is not None and auto_open(piece.auto, night.day):
            yield from _issue(night, reward, piece, piece.auto)


def auto_open(auto: AutoIssue, day: date) -> bool:
    return not auto.windows or any(window_holds(each, day) for each in auto.windows)


def window_holds(window: Window, day: date) -> bool:
    """Whether the day lies in the window of its year, or of the year before. 29 February is the 28th in other years."""
    for year in (day.year - 1, day.year):
        begins = date(year, window.month, min(window.day, monthrange(year, window.month)[1]))
        if begins <= day < begins + timedelta(days=window.days):
            return True
    return False


def _issue(night: Night, reward: Reward, piece: RewardPiece, auto: AutoIssue) -> Iterator[int]:
    first = piece.prices[0]
    least = min(each.points for each in piece.prices if each.currency == first.currency)
    accounts = PointsAccount.objects.filter(
        enrollment__program_id=night.program.pk, currency=first.currency, balance__gte=least
    )
    option = option_of(first, money_currency_of(night.program.pk))
    last = 0
    while batch := list(accounts.filter(enrollment_id__gt=last).order_by("enrollment_id")[:AT_ONCE]):
        places = Enrollment.objects.select_related("member", "program").in_bulk([each.enrollment_id for each in batch])
        given = sum(_as_often(night, reward, places[each.enrollment_id], auto, option.key) for each in batch)
        last = batch[-1].enrollment_id
        if given:
            yield given


def _as_often(night: Night, reward: Reward, place: Enrollment, auto: AutoIssue, pay_with: str) -> int:
    """Until the points or the limits end it. How many were issued."""
    for number in range(auto.most):
        try:
            _once(night, reward, place, f"auto:{reward.code}:{night.day.isoformat()}:{number}", pay_with)
        except Busy:
            raise
        except DomainError:
            return number
    return auto.most


def _once(night: Night, reward: Reward, place: Enrollment, key: str, pay_with: str) -> None:
    """Somebody who is busy with the account is waited for a few times; then the night stops, to go on from here."""
    for attempt in range(1, TRIES + 1):
        try:
            reward_redeem(
                enrollment=place,
                reward=reward,
                actor=system("auto_issue"),
                key=key,
                pay_with=pay_with,
                at=night.midnight,
            )
            return
        except Busy:
            if attempt == TRIES:
                raise
