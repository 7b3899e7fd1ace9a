"""Trial 1's machine: each step is done to the real ledger and to the model, then both are compared."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from loyalty import ledger
from loyalty.definition.read import document_decode
from loyalty.drafts import draft_replace
from loyalty.models import Enrollment, PointsAccount, Program, ProgressCounter, TierStanding
from loyalty.publishing import program_publish
from loyalty.selectors import balances_of
from loyalty.transferring import points_transfer
from rewards.models import Redemption, Reward
from rewards.stock import stock_left
from tests.loyalty import shop
from tests.trials import ledger_program as given
from tests.trials.ledger_model import Account, Person, Sale, Standing, local
from tests.trials.ledger_program import BEGIN, DAY_CAP, MONTH_CAP, REWARDS, THRESHOLDS, TIERS, document, order_told
from tests.trials.ledger_rewards import RewardsMachine


class LedgerMachine(RewardsMachine):
    """One program, two members. Clock and program are set by the test."""

    policy: ClassVar[str]
    program: ClassVar[Program]

    @initialize()
    def open(self) -> None:
        type(self).now = BEGIN
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.serial = 0
        self.members = [shop.member("Anna"), shop.member("Bram")]
        self.places = [shop.place(each, self.program) for each in self.members]
        self.people = [
            Person({"points": Account(self.policy, 0, 60), "miles": Account(self.policy, 14, 30)}, Standing(THRESHOLDS))
            for _each in self.members
        ]
        self.rates: list[tuple[datetime, int]] = [(datetime.min.replace(tzinfo=UTC), 1)]
        self.sales: list[Sale] = []
        self.sent: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self.redeemed: list[dict[str, Any]] = []
        self.wait()
        self.rewards = {code: given.reward_made(self.program, self.policy, code) for code in REWARDS}
        self.left = {code: REWARDS[code][1] for code in REWARDS}

    def teardown(self) -> None:
        if hasattr(self, "atomic"):
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    def _name(self, kind: str) -> str:
        self.serial += 1
        return f"{kind}-{self.serial}"

    # --- events -----------------------------------------------------------------------------------------------------

    def _sale(self, who: int, minor: int, late: int) -> dict[str, Any]:
        number = self._name("order")
        return {
            **shop.order(self.members[who], 0, number, days_ago=late),
            **self._addressed(),
            "data": order_told(number, minor),
        }

    def _review(self, who: int) -> dict[str, Any]:
        return {**shop.review(self.members[who], self._name("review")), **self._addressed()}

    def _return(self, sale: Sale, minor: int) -> dict[str, Any]:
        row = shop.returned(self.members[sale.who], sale.number, 0, self._name("return"))
        return {**row, **self._addressed(), "data": {"return": {"order": sale.number, "amount_minor": minor}}}

    def _addressed(self) -> dict[str, Any]:
        return {"program": self.program.slug}

    def _who(self, row: dict[str, Any]) -> int:
        return next(index for index, each in enumerate(self.members) if str(each.public_id) == row["member"])

    def _expect(self, row: dict[str, Any]) -> dict[str, Any]:
        """Do to the model what the row asks for; what the answer should say."""
        who = self._who(row)
        person, at = self.people[who], datetime.fromisoformat(row["occurred_at"])
        if row["type"] == "order.paid":
            return self._expect_sale(person, who, row["data"]["order"], at)
        if row["type"] == "order.returned":
            return self._expect_return(person, row["data"]["return"])
        person.standing.lapse(self.now)
        points = min(25, person.room(("day", str(local(at))), DAY_CAP))
        person.count(("day", str(local(at))), points)
        return {"status": 201, "awards": self._award(person, None, {"points": points}, at), "reversed": []}

    def _expect_sale(self, person: Person, who: int, order: dict[str, Any], at: datetime) -> dict[str, Any]:
        person.standing.lapse(self.now)
        rate = [rate for since, rate in self.rates if since <= at][-1]
        month = ("month", f"{local(at):%Y-%m}")
        points = min(order["total_minor"] * rate // 100, person.room(month, MONTH_CAP))
        person.count(month, points)
        sale = Sale(order["number"], who, order["total_minor"], at)
        self.sales.append(sale)
        given = {"points": points, "miles": order["total_minor"] // 200}
        return {"status": 201, "awards": self._award(person, sale, given, at), "reversed": []}

    def _award(self, person: Person, sale: Sale | None, given: dict[str, int], at: datetime) -> list[tuple[str, int]]:
        told = []
        for code, points in given.items():
            if points:
                person.accounts[code].award(points, at, self.now)
                told.append((code, points))
                if sale is not None:
                    sale.awards.append((code, person.accounts[code].lots[-1]))
                if code == "points":
                    person.standing.earn(points, local(at).year, self.now)
        return told

    def _expect_return(self, person: Person, asked: dict[str, Any]) -> dict[str, Any]:
        sale = next(each for each in self.sales if each.number == asked["order"])
        if sale.returned + asked["amount_minor"] > sale.total:
            return {"status": 409}
        person.settle(self.now)
        person.standing.lapse(self.now)
        sale.returned += asked["amount_minor"]
        told = []
        for code, lot in sale.awards:
            due = lot.granted if sale.returned == sale.total else lot.granted * sale.returned // sale.total
            points = due - lot.reversed
            if not points:
                continue
            told.append((code, *person.accounts[code].take_back(lot, points)))
            if code == "points":
                person.count(("month", f"{local(sale.at):%Y-%m}"), -points)
                person.standing.give_back(points, local(sale.at).year)
        if any(code == "points" for code, *_rest in told):
            person.standing.review(self.now)
        return {"status": 201, "awards": [], "reversed": told}

    def _send(self, *rows: dict[str, Any]) -> None:
        """Send in one batch. A batch of several means the same as its rows one by one."""
        answers = shop.send(*rows)
        for row in rows:
            if row["type"] == "order.returned":  # what is due of the member happens before the batch
                self.people[self._who(row)].settle(self.now)
        first: dict[str, dict[str, Any]] = {}
        for row, answer in zip(rows, answers, strict=True):
            if row["id"] in first:
                assert (answer.status, answer.body) == (200, first[row["id"]]), answer.body
                continue
            expected = self._expect(row)
            assert answer.status == expected["status"], answer.body
            if answer.status == 201:
                first[row["id"]] = answer.body
                self.sent.append((row, answer.body))
                told = [(each["currency"], each["points"]) for each in answer.body["awards"]]
                assert sorted(told) == sorted(expected["awards"])
                back = [(each["currency"], each["points"], each["debt"]) for each in answer.body["reversed"]]
                assert sorted(back) == sorted(expected["reversed"])

    @rule(who=given.who_is, minor=given.minor, late=given.days_late)
    def buys(self, who: int, minor: int, late: int) -> None:
        self._send(self._sale(who, minor, late))

    @rule(who=given.who_is)
    def reviews(self, who: int) -> None:
        self._send(self._review(who))

    @precondition(lambda self: self.sales)
    @rule(which=given.which, part=st.sampled_from([1, 3, 50, 100, 100, 100, 130]))
    def returns(self, which: int, part: int) -> None:
        sale = self.sales[which % len(self.sales)]
        self._send(self._return(sale, max(1, sale.total * part // 100)))

    @precondition(lambda self: any(sale.returned < sale.total for sale in self.sales))
    @rule(which=given.which)
    def returns_the_rest(self, which: int) -> None:
        open_ = [sale for sale in self.sales if sale.returned < sale.total]
        sale = open_[which % len(open_)]
        self._send(self._return(sale, sale.total - sale.returned))

    @rule(steps=st.lists(given.step, min_size=2, max_size=8))
    def sends_a_batch(self, steps: list[tuple[int, str, int, int, int]]) -> None:
        """s: sale, t: review, r: return of an earlier order, of this batch perhaps, d: a row again."""
        rows: list[dict[str, Any]] = []
        sales = list(self.sales)
        for who, kind, minor, late, which in steps:
            if kind == "s":
                rows.append(self._sale(who, minor, late))
                number = rows[-1]["data"]["order"]["number"]
                sales.append(Sale(number, who, minor, self.now))
            elif kind == "r" and sales:
                rows.append(self._return(sales[which % len(sales)], max(1, minor // 2)))
            elif kind == "d" and rows:
                rows.append(rows[which % len(rows)])
            else:
                rows.append(self._review(who))
        self._send(*rows)

    @precondition(lambda self: self.sent)
    @rule(which=given.which)
    def sends_again(self, which: int) -> None:
        row, body = self.sent[which % len(self.sent)]
        [answer] = shop.send(row)
        assert (answer.status, answer.body) == (200, body)

    @precondition(lambda self: self.sent)
    @rule(which=given.which)
    def sends_another_under_the_same_id(self, which: int) -> None:
        row, _body = self.sent[which % len(self.sent)]
        [answer] = shop.send({**row, "occurred_at": (self.now - timedelta(days=2, seconds=1)).isoformat()})
        assert (answer.status, answer.body["code"]) == (409, "event_conflict")

    # --- rewards and staff ------------------------------------------------------------------------------------------

    @rule(who=given.who_is, code=given.currency_is, points=st.integers(1, 120))
    def gives_to_the_other(self, who: int, code: str, points: int) -> None:
        settled = copy.deepcopy(self.people[who])
        settled.settle(self.now)
        key = self._name("gift")

        def give() -> Any:
            return points_transfer(
                sender=self.places[who],
                recipient=self.places[1 - who],
                currency=code,
                points=points,
                actor=shop.PARTNER,
                key=key,
            )

        got = self._refusal(give)
        assert got == ("insufficient_points" if settled.accounts[code].balance < points else "")
        if got:
            return
        give()  # the same again changes nothing
        for person in self.people:
            person.settle(self.now)
        self.people[1 - who].accounts[code].receive(self.people[who].accounts[code].draw(points))

    # --- time and program -------------------------------------------------------------------------------------------

    @rule(hours=st.sampled_from([1, 14, 24, 24 * 7, 24 * 15, 24 * 31, 24 * 61]))
    def time_passes(self, hours: int) -> None:
        type(self).now = self.now + timedelta(hours=hours)

    @rule(limit=st.integers(1, 5))
    def night_falls(self, limit: int) -> None:
        for _batch in range(100):
            if not ledger.points_settle_batch(program_id=self.program.pk, now=self.now, limit=limit):
                break
        else:
            raise AssertionError("the nightly run doesn't end")
        for person in self.people:
            person.settle(self.now)

    @rule(rate=st.integers(1, 3))
    def publishes_another_rate(self, rate: int) -> None:
        if self.rates[-1][1] == rate:
            return
        type(self).now = self.now + timedelta(seconds=1)
        row = Program.objects.get(pk=self.program.pk)
        row = draft_replace(
            program=row,
            document=document_decode(document(self.policy, rate)),
            expected_revision=row.draft_revision,
            actor=shop.STAFF,
        )
        program_publish(program=row, actor=shop.STAFF, expected_revision=row.draft_revision)
        self.rates.append((self.now, rate))

    # --- after each step --------------------------------------------------------------------------------------------

    @invariant()
    def agree(self) -> None:
        if not hasattr(self, "people"):
            return
        for place, person in zip(self.places, self.people, strict=True):
            self._agree_on_points(place, person)
            self._agree_on_tier(place, person)
        assert {code: stock_left(Reward.objects.get(pk=each.pk)) for code, each in self.rewards.items()} == self.left
        states = dict(Redemption.objects.values_list("pk", "state"))
        assert states == {each["row"].pk: each["state"] for each in self.redeemed}
        self.agree_on_waiting()
        assert ledger.ledger_invariants() == []

    def _agree_on_points(self, place: Enrollment, person: Person) -> None:
        """Stored and modelled, both brought to the present: what fell due since may have been booked or not yet."""
        shown = copy.deepcopy(person)
        shown.settle(self.now)
        for account in PointsAccount.objects.filter(enrollment=place):
            modelled = shown.accounts[account.currency]
            stored = given.stored_account(account, modelled)
            assert stored.balance == account.balance
            assert stored.pending == account.pending
            assert stored.reserved == account.reserved
            stored.settle(self.now)
            assert stored.totals() == modelled.totals(), account.currency
            assert [lot.row() for lot in stored.lots] == [lot.row() for lot in modelled.lots], account.currency
        for each in balances_of(place):
            told = (each.balance, each.pending, each.debt)
            wanted = shown.accounts[each.currency]
            assert told == (wanted.balance, wanted.pending, wanted.debt), f"{each.currency} as shown"

    def _agree_on_tier(self, place: Enrollment, person: Person) -> None:
        standing = TierStanding.objects.get(enrollment=place)
        assert (standing.tier, standing.valid_until) == (TIERS[person.standing.rank], person.standing.valid_until)
        counted = dict(
            ProgressCounter.objects.filter(enrollment=place, key__startswith="tier:").values_list("period", "value")
        )
        assert {int(period[:4]): value for period, value in counted.items()} == person.standing.earned
