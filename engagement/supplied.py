"""Mails about what suppliers deliver: to the member when it is there or won't come, to the team when it is needed."""

from __future__ import annotations

from django.utils import translation
from django.utils.translation import gettext as _

from core.outbox import Message, handler
from members.letters import letter_queue
from members.models import Member, User
from members.roles import MARKETER, OWNER
from members.selectors import member_by_public_id
from rewards.models import Redemption
from rewards.suppliers.models import SupplierConnection


@handler("supplier.delivered")
def delivered(message: Message) -> None:
    """Never the code itself: a mailbox is read by others, and a mail can't be taken back."""
    _letter("reward_delivered", message)


@handler("supplier.failed")
def failed(message: Message) -> None:
    _letter("reward_failed", message)


@handler("supplier.attention")
def attention(message: Message) -> None:
    """To everybody who can do something about it."""
    account = SupplierConnection.objects.filter(pk=message.payload["connection_id"]).first()
    if account is None:
        return
    order_id = message.payload.get("order_id")
    path = f"/admin/rewards/supplierconnection/{account.pk}/change/"
    if order_id is not None:
        path = f"/admin/rewards/supplierorder/{order_id}/change/"
    people = User.objects.filter(groups__name__in=(OWNER, MARKETER), is_active=True).distinct().order_by("pk")
    for user in people:
        with translation.override(user.language):
            what = _what(message.payload["what"])
        letter_queue(
            kind="supplier_attention",
            to=user.email,
            language=user.language,
            path=path,
            supplier=account.name,
            what=what,
        )


def _what(code: str) -> str:
    match code:
        case "low_balance":
            return _("The balance at the supplier is too low, so its rewards aren’t sold for now. Top it up.")
        case "key_refused":
            return _("The supplier refuses the key, so its rewards aren’t sold for now. Give it a new one.")
    return _("An order can’t go on by itself. Ask the supplier what became of it.")


def _letter(kind: str, message: Message) -> None:
    member = member_by_public_id(message.payload["member_id"])
    rows = Redemption.objects.select_related("reward").filter(pk=message.payload["redemption_id"])
    redemption = rows.first()
    if member is None or redemption is None or not member.email or member.status != Member.Status.ACTIVE:
        return
    reward = redemption.reward
    name = reward.name_nl if member.language == "nl" and reward.name_nl else reward.name
    letter_queue(
        kind=kind, to=member.email, language=member.language, name=member.name, reward=name,
        path=f"/my-rewards/{redemption.pk}/",
    )  # fmt: skip
