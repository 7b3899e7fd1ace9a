"""Trial 1's machine, its part about rewards: taken, reserved, captured, used, canceled, and reservations that end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from rewards.models import Redemption, Reward
from rewards.reserving import redemption_capture, reservations_sweep
from rewards.services import redemption_cancel, redemption_use, reward_redeem
from tests.loyalty import shop
from tests.trials import ledger_program as given
from tests.trials.ledger_program import REWARDS
from tests.trials.ledger_waiting import WaitingMachine

ENDED = {"used": "redemption_used", "canceled": "redemption_canceled", "lapsed": "reservation_over"}
codes = st.sampled_from([*REWARDS, "tea", "tea"])


class RewardsMachine(WaitingMachine):
    """redeemed: rows of who, code, state, key, row, and drawn (what was spent) or hold (what is held)."""

    redeemed: list[dict[str, Any]]
    rewards: dict[str, Reward]
    left: dict[str, int | None]

    def _cannot(self, who: int, code: str) -> str:
        """Why the member can't have the reward now, "" when they can."""
        price, _pieces, limit = REWARDS[code]
        taken = [each for each in self.redeemed if (each["who"], each["code"]) == (who, code)]
        live = [each for each in taken if each["state"] not in ("canceled", "lapsed")]
        left = self.left[code]
        if limit is not None and len(live) >= limit:
            return "limit_reached"
        if self._settled(who, "points").balance < price:
            return "insufficient_points"
        return "" if left is None or left > 0 else "sold_out"

    def _ask(self, who: int, code: str, reserve: timedelta | None = None) -> str | None:
        """The key of what was had, None where it was refused as it should be."""
        key, expected = self._name("key"), self._cannot(who, code)

        def redeem() -> Redemption:
            return reward_redeem(
                enrollment=self.places[who], reward=self.rewards[code], actor=shop.PARTNER, key=key, reserve=reserve
            )

        got = self._refusal(redeem)
        assert got == expected
        if got:
            return None
        self.people[who].settle(self.now)
        left = self.left[code]
        if left is not None:
            self.left[code] = left - 1
        return key

    @rule(who=given.who_is, code=codes)
    def redeems(self, who: int, code: str) -> None:
        key, price, account = self._ask(who, code), REWARDS[code][0], self.people[who].accounts["points"]
        if key is not None:
            drawn = account.draw(price)
            account.spent += price
            told = {"who": who, "code": code, "state": "redeemed", "row": self.result, "key": key}
            self.redeemed.append({**told, "drawn": drawn})

    @rule(who=given.who_is, code=codes, hours=st.sampled_from([1, 20, 200, 700]))
    def reserves(self, who: int, code: str, hours: int) -> None:
        lasts = timedelta(hours=hours)
        key = self._ask(who, code, lasts)
        if key is not None:
            hold = self.people[who].accounts["points"].hold(REWARDS[code][0], self.now + lasts)
            told = {"who": who, "code": code, "state": "reserved", "row": self.result, "key": key, "lasts": lasts}
            self.redeemed.append({**told, "hold": hold})

    @precondition(lambda self: self.redeemed)
    @rule(which=given.which)
    def redeems_again_with_the_same_key(self, which: int) -> None:
        each = self.redeemed[which % len(self.redeemed)]
        same = reward_redeem(
            enrollment=self.places[each["who"]],
            reward=self.rewards[each["code"]],
            actor=shop.PARTNER,
            key=each["key"],
            reserve=each.get("lasts"),
        )
        assert same.pk == each["row"].pk

    def _over(self, each: dict[str, Any]) -> bool:
        return each["state"] == "reserved" and each["hold"].until <= self.now

    def _end_hold(self, each: dict[str, Any], take: int, state: str) -> None:
        person = self.people[each["who"]]
        account = person.accounts["points"]
        person.settle(self.now)
        account.close(each["hold"], take, state)
        person.settle(self.now)
        account.repay()

    def _back_in_stock(self, each: dict[str, Any]) -> None:
        """A code that was set aside or shown is void instead."""
        left = self.left[each["code"]]
        if left is not None and each["code"] != "card":
            self.left[each["code"]] = left + 1

    @precondition(lambda self: self.redeemed)
    @rule(which=given.which)
    def captures(self, which: int) -> None:
        each = self.redeemed[which % len(self.redeemed)]
        got = self._refusal(lambda: redemption_capture(redemption=each["row"], actor=shop.PARTNER))
        refused = {**ENDED, "redeemed": "not_reserved", "used": "not_reserved", "reserved": ""}[each["state"]]
        assert got == ("reservation_over" if self._over(each) else refused)
        if not got:
            self._end_hold(each, each["hold"].points, "captured")
            each.update(state="redeemed", drawn=each["hold"].drawn)

    @rule()
    def reservations_end(self) -> None:
        due = [each for each in self.redeemed if self._over(each)]
        assert reservations_sweep() == len(due)
        for each in due:
            self.people[each["who"]].settle(self.now)
            self._back_in_stock(each)
            each["state"] = "lapsed"

    @precondition(lambda self: self.redeemed)
    @rule(which=given.which)
    def cancels(self, which: int) -> None:
        each = self.redeemed[which % len(self.redeemed)]
        got = self._refusal(lambda: redemption_cancel(redemption=each["row"], actor=shop.STAFF, reason="changed"))
        assert got == ("reservation_over" if self._over(each) else ENDED.get(each["state"], ""))
        if got:
            return
        if each["state"] == "reserved":
            self._end_hold(each, 0, "released")
        else:
            person = self.people[each["who"]]
            person.settle(self.now)
            person.accounts["points"].undo_spend(each["drawn"])
            person.settle(self.now)
            person.accounts["points"].repay()
        each["state"] = "canceled"
        self._back_in_stock(each)

    @precondition(lambda self: self.redeemed)
    @rule(which=given.which)
    def uses(self, which: int) -> None:
        each = self.redeemed[which % len(self.redeemed)]
        got = self._refusal(lambda: redemption_use(redemption=each["row"], actor=shop.PARTNER))
        assert got == {**ENDED, "redeemed": "", "reserved": "still_reserved"}[each["state"]]
        each["state"] = each["state"] if got else "used"
