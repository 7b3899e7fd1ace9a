"""What a reward can be, as the program's document writes it. Amounts are in minor units; times without an offset are
local to the program.

What a kind does stands in the module that registers it (rewards/kinds/__init__.py).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from loyalty.definition.basics import Code, LocalText, ShortText
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problem, Problems
from loyalty.definition.rule import LocalTime

Minor = Annotated[int, Meta(ge=1, le=10**9, description="In minor units: 500 is 5.00.")]
Money = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", examples=["EUR"])]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)", description="SHA-256 of an uploaded file.")]
Prefix = Annotated[str, Meta(pattern=r"^[A-Z0-9]{0,8}$(?!\n)", examples=["TEA"])]
MARK = "kind"


class Kind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field=MARK):
    """The base of all. problems: what the type can't say."""

    def problems(self, path: str) -> Problems:
        yield from ()


class FreeProduct(Kind, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field=MARK, tag="free_product"):
    """Something for nothing at the counter or in the basket, for a code that is made with it."""

    skus: tuple[Annotated[str, Meta(min_length=1, max_length=120)], ...] = ()


class DiscountCode(Kind, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field=MARK, tag="discount_code"):
    """A code that is made for the member: so many per cent, or so much off. Used once."""

    percent: Annotated[int, Meta(ge=1, le=100)] | None = None
    amount_minor: Minor | None = None
    money_currency: Money | None = None
    minimum_minor: Annotated[int, Meta(ge=0, le=10**9)] = 0
    prefix: Prefix = ""

    def problems(self, path: str) -> Problems:
        if (self.percent is None) == (self.amount_minor is None):
            yield Problem(
                f"{path}.percent", phrase("A discount is per cent or an amount."), phrase("Give one of the two.")
            )


class PoolCode(Kind, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field=MARK, tag="pool_code"):
    """A code out of a pool that was imported. The pool is named; its codes are never part of the document."""

    pool: ShortText


class GiftCard(Kind, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field=MARK, tag="gift_card"):
    """A code with a balance that partners use up in parts."""

    amount_minor: Minor
    money_currency: Money | None = None


class StoreCredit(Kind, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field=MARK, tag="store_credit"):
    """Money on the member's own account at the brand, used up in parts."""

    amount_minor: Minor
    money_currency: Money | None = None


class Physical(Kind, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field=MARK, tag="physical"):
    """Something that is packed and sent to the member's address."""

    sku: Annotated[str, Meta(max_length=120)] = ""


class Experience(Kind, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field=MARK, tag="experience"):
    """A seat at something. The seats are the reward's stock; waiting_list: who comes too late may wait for one.

    confirm_hours: a seat that is freed is held for who is next in line for so long, until they confirm; none: it is
    theirs at once.
    """

    starts_at: LocalTime | None = None
    ends_at: LocalTime | None = None
    place: LocalText = ""
    waiting_list: bool = True
    confirm_hours: Annotated[int, Meta(ge=1, le=336)] | None = None

    def problems(self, path: str) -> Problems:
        if self.starts_at is not None and self.ends_at is not None and self.ends_at <= self.starts_at:
            yield Problem(f"{path}.ends_at", phrase("It ends before it begins."), phrase("Let it end later."))


class Content(Kind, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field=MARK, tag="content"):
    """A page or a file for those who have taken it, open between two times: members-only content, early access."""

    page: LocalText = ""
    link: Annotated[str, Meta(pattern=r"^(https://[^\s<>\"]{3,480})?$(?!\n)", examples=["https://example.com"])] = ""
    file: Digest | None = None
    opens_at: LocalTime | None = None
    closes_at: LocalTime | None = None

    def problems(self, path: str) -> Problems:
        if not self.page and not self.link and self.file is None:
            yield Problem(
                f"{path}.page", phrase("There is nothing to see."), phrase("Write the page, or give a link or a file.")
            )
        if self.opens_at is not None and self.closes_at is not None and self.closes_at <= self.opens_at:
            yield Problem(f"{path}.closes_at", phrase("It closes before it opens."), phrase("Let it close later."))


class Donation(Kind, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field=MARK, tag="donation"):
    """The brand gives this much to the cause for the points. Members see the running total of the cause."""

    cause: Code
    cause_name: LocalText
    amount_minor: Minor
    money_currency: Money | None = None
    goal_minor: Minor | None = None


class SweepstakeEntry(
    Kind, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field=MARK, tag="sweepstake_entry"
):
    """So many entries in a sweepstake."""

    sweepstake: Code
    entries: Annotated[int, Meta(ge=1, le=1000)] = 1


class Supplied(Kind, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field=MARK, tag="supplied"):
    """Ordered at a supplier, who delivers a code later."""

    supplier: Code
    product: Annotated[str, Meta(min_length=1, max_length=120)]
    amount_minor: Minor | None = None
    money_currency: Money | None = None


RewardKind = (
    FreeProduct
    | DiscountCode
    | PoolCode
    | GiftCard
    | StoreCredit
    | Physical
    | Experience
    | Content
    | Donation
    | SweepstakeEntry
    | Supplied
)
