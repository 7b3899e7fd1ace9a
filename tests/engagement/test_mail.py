"""Mails: in both languages, with the brand's face, sealed until sent, recognisable when they are sent again."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.utils import translation

from core import outbox
from core.mail import mail_open, mail_queue
from core.outbox import outbox_add, outbox_drain
from core.tables import OutboxMessage
from engagement import sending
from members.letters import letter_queue
from tenants.context import brand_context

CANARY = "canary-7f3a-link"
# kind → what its templates name. Every letter there is must stand here (see the last test).
LETTERS: dict[str, dict[str, Any]] = {
    "verify_address": {},
    "password_reset": {},
    "account_exists": {},
    "security_notice": {"what": "Something."},
    "staff_invitation": {"has_password": False},
    "welcome": {"name": "Ann", "points": "stars"},
    "tier_reached": {"name": "Ann", "tier": "Gold"},
    "reward_redeemed": {"name": "Ann", "reward": "Coffee & cake"},
    "claim_approved": {"name": "Ann", "claim": "Coffee & cake"},
    "claim_refused": {"name": "Ann", "claim": "Coffee & cake", "reason": "Too blurred & dark"},
    "reward_delivered": {"name": "Ann", "reward": "Coffee & cake"},
    "reward_failed": {"name": "Ann", "reward": "Coffee & cake"},
    "supplier_attention": {"supplier": "Cards & co", "what": "The balance is too low."},
    "plan_news": {"headline": "Your trial ends", "words": "Give a card & go on, je kaart."},
    "rule_message": {"headline": "Double points", "words": "This week only."},
    "rule_notice": {"headline": "Thanks", "words": "You earned 25 points, je verdiende ze."},
    "pool_low": {"pool": "Cinema & co", "left": 0},
    "stock_low": {"reward": "Tea & cake", "left": 3},
    "seat_free": {"name": "Ann", "reward": "Tea & cake", "until": None, "money": False},
    "friend_welcome": {"brought_by": "Bo", "gift": "5 points", "order": True},
    "friend_joined": {"gift": "5 points", "order": True},
    "friend_converted": {"gift": "5 points", "order": True, "day": "1 January 2027"},
    "friend_counts": {"gift": "5 points"},
    "friend_reward": {"gift": "5 points"},
    "friend_milestone": {"gift": "5 points", "number": 3},
    "sweepstake_won": {"sweepstake": "Summer & co", "prize": "A bike", "accept_by": "1 January 2027"},
    "sweepstake_canceled": {"sweepstake": "Summer & co", "spent": True},
    "friend_gone": {"gift": "5 points", "returned": True},
    "friend_reward_gone": {"gift": "5 points", "returned": True},
    "friend_milestone_gone": {"gift": "5 points", "number": 3},
    "panel_selected": {"name": "Ann", "panel": "Jacket & co", "accept_by": date(2027, 1, 31)},
    "panel_reserve": {"name": "Ann", "panel": "Jacket & co"},
    "panel_not_selected": {"name": "Ann", "panel": "Jacket & co"},
    "panel_called_off": {"name": "Ann", "panel": "Jacket & co"},
    "panel_shipped": {"name": "Ann", "panel": "Jacket & co", "carrier": "Post", "tracking": "3S"},
    "panel_reminder": {"name": "Ann", "panel": "Jacket & co", "about": "answer", "last_day": date(2027, 1, 31)},
    "panel_thanks": {"name": "Ann", "panel": "Jacket & co"},
    "tier_ending": {
        "name": "Ann",
        "tier": "Gold",
        "last_day": date(2027, 1, 31),
        "keep_by": date(2026, 12, 31),
        "to_keep": "500 points",
    },
    "tier_invited": {"name": "Ann", "tier": "Gold", "until": date(2027, 1, 31)},
}


def queue(text: str = CANARY) -> OutboxMessage:
    mail_queue(
        to="ann@example.com", language="en", kind="test", subject="Hello\nthere", text=text, html=f"<p>{text}</p>"
    )
    return OutboxMessage.objects.latest("id")


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("kind", LETTERS)
def test_every_letter_speaks_the_readers_language_and_names_the_brand(brand: Any, kind: str, language: str) -> None:
    with translation.override("en" if language == "nl" else "nl"):  # whoever causes it may read another language
        letter_queue(kind=kind, to="ann@example.com", language=language, path="/somewhere/", **LETTERS[kind])
    outbox_drain()
    letter = mail.outbox[-1]
    assert isinstance(letter, EmailMultiAlternatives)
    html = str(letter.alternatives[0][0])
    words = f"{letter.subject} {letter.body}"
    if language == "nl":
        assert any(word in words.lower() for word in ("je ", "jouw", "er is"))
        assert " your " not in words
    else:
        assert any(word in words.lower() for word in ("your", "you"))
    assert "&amp;" not in words
    assert f'lang="{language}"' in html
    assert brand.name in html
    assert "http://gem.localhost:8000/somewhere/" in html
    assert "http://gem.localhost:8000/" in letter.body
    assert letter.from_email.startswith("Gem <")
    assert "<script" not in html


def test_a_mail_lies_sealed_until_it_is_sent_and_blank_afterwards(brand: Any) -> None:
    row = queue()
    assert CANARY not in str(row.payload)
    assert "ann@example.com" not in str(row.payload)
    outbox_drain()
    row.refresh_from_db()
    assert row.delivered_at is not None
    assert row.payload == {"kind": "test", "language": "en"}
    assert mail.outbox[-1].subject == "Hello there"


def test_a_mail_sealed_at_one_brand_does_not_open_at_another(brand: Any, other_brand: Any) -> None:
    sealed = queue().payload["sealed"]
    assert mail_open(sealed).text == CANARY
    with brand_context(other_brand), pytest.raises(ValueError, match="sealed for another brand"):
        mail_open(sealed)


def test_a_mail_is_written_with_its_cause_or_not_at_all(brand: Any) -> None:
    def fails() -> None:
        with transaction.atomic():
            queue()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert not OutboxMessage.objects.filter(topic="mail.requested", payload__kind="test").exists()


def test_a_mail_sent_twice_carries_the_same_message_id(brand: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a crash between sending and the mark does: the mail goes out again, recognisably the same."""

    def crash(name: str) -> None:
        if name == "mail.after_send":
            raise KeyboardInterrupt

    row = queue()
    monkeypatch.setattr(sending, "failpoint", crash)
    before = len(mail.outbox)
    with pytest.raises(KeyboardInterrupt):
        outbox_drain()
    row.refresh_from_db()
    assert row.delivered_at is None
    assert "sealed" in row.payload
    monkeypatch.setattr(sending, "failpoint", lambda name: None)
    outbox_drain()
    copies = [each for each in mail.outbox[before:] if each.subject == "Hello there"]
    assert len(copies) == 2
    assert copies[0].extra_headers["Message-ID"] == copies[1].extra_headers["Message-ID"]


def test_a_mail_server_that_refuses_leaves_no_address_in_the_row_or_the_log(
    brand: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(self: EmailBackend, messages: Any) -> int:
        raise smtplib.SMTPRecipientsRefused({"ann@example.com": (550, b"no ann@example.com here")})

    row = queue()
    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    outbox_drain()
    row.refresh_from_db()
    assert row.attempts == 1
    assert row.delivered_at is None
    assert "SMTPRecipientsRefused" in row.last_error
    assert "ann@example.com" not in row.last_error + caplog.text


@pytest.fixture
def noted() -> Iterator[list[int]]:
    """Message ids that a handler of topic test.happened saw."""
    seen: list[int] = []
    outbox.handler("test.happened")(lambda message: seen.append(message.id))
    yield seen
    outbox._handlers.pop("test.happened")


def test_one_failing_message_does_not_hold_up_the_others(brand: Any, noted: list[int]) -> None:
    def fail(message: outbox.Message) -> None:
        if message.payload.get("bad"):
            raise ValueError("no")

    outbox.handler("test.happened")(fail)
    with transaction.atomic():
        outbox_add("test.happened", {"bad": True})
        outbox_add("test.happened", {})
    outbox_drain()
    bad, good = OutboxMessage.objects.filter(topic="test.happened").order_by("id")
    assert (bad.attempts, bad.delivered_at is None) == (1, True)
    assert bad.available_at > bad.created_at
    assert good.delivered_at is not None


def test_every_letter_there_is_has_been_tried() -> None:
    from pathlib import Path

    root = Path(__file__).resolve().parent.parent.parent
    kinds = {path.stem for room in ("members", "engagement") for path in (root / room / "templates/mail").glob("*.txt")}
    assert kinds == LETTERS.keys()
