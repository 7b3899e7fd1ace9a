"""Trial 1's machine, its part about points that wait for somebody: held for an order, or for a second pair of eyes."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from core.actor import Actor
from core.errors import DomainError
from loyalty.adjusting import adjustment_approve, adjustment_make, adjustment_refuse, adjustments_expire
from loyalty.holding import holds_sweep, points_capture, points_hold, points_release
from loyalty.models import Enrollment, PointsAdjustment, PointsHold
from loyalty.services import points_adjust
from tests.loyalty import shop
from tests.trials import ledger_program as given
from tests.trials.ledger_model import Account, Hold, Person

SECOND = Actor("staff", "user:2", "admin")


@dataclass
class Held:
    who: int
    code: str
    hold: Hold
    row: PointsHold
    taken: int = 0


@dataclass
class Asked:
    """An adjustment by hand. state: as it should be; at: when it was asked for."""

    who: int
    code: str
    points: int
    at: datetime
    state: str
    row: PointsAdjustment
    by_one: bool


class WaitingMachine(RuleBasedStateMachine):
    """What the ledger machine is made on; people, places, now and _name are its."""

    people: list[Person]
    places: list[Enrollment]
    now: ClassVar[datetime]

    def wait(self) -> None:
        self.held: list[Held] = []
        self.asked: list[Asked] = []

    def _name(self, kind: str) -> str:
        raise NotImplementedError

    def _refusal(self, action: Any) -> str:
        """Code of what it was refused with, "" when it was done; self.result holds what came back."""
        try:
            self.result = action()
        except DomainError as error:
            return error.code
        return ""

    def _settled(self, who: int, code: str) -> Account:
        settled = copy.deepcopy(self.people[who])
        settled.settle(self.now)
        return settled.accounts[code]

    # --- held for an order ------------------------------------------------------------------------------------------
    @rule(
        who=given.who_is, code=given.currency_is, points=st.integers(1, 150), hours=st.sampled_from([1, 20, 200, 700])
    )
    def holds(self, who: int, code: str, points: int, hours: int) -> None:
        key, lasts = self._name("hold"), timedelta(hours=hours)

        def hold() -> PointsHold:
            return points_hold(
                enrollment=self.places[who], currency=code, points=points, actor=shop.PARTNER, key=key, lasts=lasts
            )

        got = self._refusal(hold)
        assert got == ("insufficient_points" if self._settled(who, code).balance < points else "")
        if not got:
            assert hold().pk == self.result.pk  # the same again holds nothing more
            self.people[who].settle(self.now)
            made = self.people[who].accounts[code].hold(points, self.now + lasts)
            self.held.append(Held(who, code, made, self.result))

    @precondition(lambda self: self.held)
    @rule(which=given.which, part=st.sampled_from([0, 30, 100, 100]))
    def closes_a_hold(self, which: int, part: int) -> None:
        """part: so many of a hundred are captured, none of them: released."""
        each = self.held[which % len(self.held)]
        take = each.hold.points * part // 100
        got = self._refusal(
            lambda: (
                points_capture(hold=each.row, actor=shop.PARTNER, points=take)
                if take
                else points_release(hold=each.row, actor=shop.PARTNER)
            )
        )
        person, state = self.people[each.who], "captured" if take else "released"
        settled = copy.deepcopy(person), each.hold.state
        over = each.hold.state == "held" and each.hold.until <= self.now
        if each.hold.state == "held" and not over:
            assert got == ""
            person.settle(self.now)
            person.accounts[each.code].close(each.hold, take, state)
            each.taken = take
            person.settle(self.now)
            person.accounts[each.code].repay()
        else:
            same = (settled[1], each.taken) == (state, take) and not over
            assert got == ("" if same else "hold_closed"), (got, each.hold.state)

    @rule()
    def holds_are_swept(self) -> None:
        due = [each for each in self.held if each.hold.state == "held" and each.hold.until <= self.now]
        swept = holds_sweep()
        assert bool(swept) <= bool(due)
        if swept:
            for who in {each.who for each in due}:
                self.people[who].settle(self.now)

    # --- by hand -----------------------------------------------------------------------------------------------------
    @rule(who=given.who_is, code=given.currency_is, points=st.integers(1, 120))
    def staff_gives(self, who: int, code: str, points: int) -> None:
        key = self._name("adjust")
        for _twice in range(2):
            points_adjust(
                enrollment=self.places[who], currency=code, points=points, reason="sorry", actor=shop.STAFF, key=key
            )
        self.people[who].settle(self.now)
        self.people[who].accounts[code].award(points, self.now, self.now, waits=False)

    @rule(who=given.who_is, code=given.currency_is, points=st.integers(1, 120))
    def staff_takes(self, who: int, code: str, points: int) -> None:
        settled = copy.deepcopy(self.people[who])
        settled.settle(self.now)
        key = self._name("adjust")
        got = self._refusal(
            lambda: points_adjust(
                enrollment=self.places[who], currency=code, points=-points, reason="wrong", actor=shop.STAFF, key=key
            )
        )
        assert got == ("insufficient_points" if settled.accounts[code].balance < points else "")
        if not got:
            self.people[who].settle(self.now)
            account = self.people[who].accounts[code]
            account.draw(points)
            account.reversed += points

    # --- a second pair of eyes --------------------------------------------------------------------------------------
    @rule(who=given.who_is, code=given.currency_is, points=st.sampled_from([-150, -101, -60, -1, 1, 60, 100, 101, 400]))
    def asks_to_adjust(self, who: int, code: str, points: int) -> None:
        key = self._name("asked")

        def ask() -> PointsAdjustment:
            return adjustment_make(
                enrollment=self.places[who], currency=code, points=points, reason="sorry", actor=shop.STAFF, key=key
            )

        alone = self._alone(who, code)
        within = alone + abs(points) <= given.ASK_ABOVE
        got = self._refusal(ask)
        short = points < 0 and self._settled(who, code).balance < -points
        assert got == ("insufficient_points" if short else "")
        if not got:
            assert ask().pk == self.result.pk
            state = "approved" if within else "requested"
            self.asked.append(Asked(who, code, points, self.now, state, self.result, within))
            if within:
                self._adjust(who, code, points)

    def _alone(self, who: int, code: str) -> int:
        """What this person gave and took of the member within a day without asking anybody."""
        since = self.now - timedelta(hours=24)
        mine = [each for each in self.asked if (each.who, each.code) == (who, code) and each.by_one and each.at > since]
        return sum(abs(each.points) for each in mine)

    def _adjust(self, who: int, code: str, points: int) -> None:
        self.people[who].settle(self.now)
        account = self.people[who].accounts[code]
        if points > 0:
            account.award(points, self.now, self.now, waits=False)
        else:
            account.draw(-points)
            account.reversed -= points

    @precondition(lambda self: self.asked)
    @rule(which=given.which, agrees=st.booleans(), same=st.integers(0, 4))
    def decides(self, which: int, agrees: bool, same: int) -> None:
        """same 0: who asked tries to agree with themselves."""
        each = self.asked[which % len(self.asked)]
        actor = shop.STAFF if same == 0 else SECOND
        got = self._refusal(
            lambda: (
                adjustment_approve(adjustment=each.row, actor=actor)
                if agrees
                else adjustment_refuse(adjustment=each.row, actor=actor, note="no")
            )
        )
        open_ = each.state == "requested" and each.at + timedelta(days=7) > self.now
        if not open_:
            assert got == "adjustment_closed"
        elif agrees and same == 0:
            assert got == "second_person_needed"
        elif agrees and each.points < 0 and self._settled(each.who, each.code).balance < -each.points:
            assert got == "insufficient_points"
        else:
            assert got == ""
            each.state = "approved" if agrees else "refused"
            if agrees:
                self._adjust(each.who, each.code, each.points)

    @rule()
    def what_nobody_decides_is_off(self) -> None:
        due = [each for each in self.asked if each.state == "requested" and each.at + timedelta(days=7) <= self.now]
        assert adjustments_expire() == len(due)
        for each in due:
            each.state = "expired"

    def agree_on_waiting(self) -> None:
        states = dict(PointsAdjustment.objects.filter(enrollment__in=self.places).values_list("pk", "state"))
        assert states == {each.row.pk: each.state for each in self.asked}
