"""The demo's mail catcher shows a host's own mails, once each, and nothing of another's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.mail import EmailMultiAlternatives, get_connection

from sandbox.mailbox import mail_named, mails, styles_moved
from tenants.context import brand_context, platform_context
from tests.conftest import ClientFor


@pytest.fixture(autouse=True)
def _folder(settings: LazySettings, tmp_path: Path) -> None:
    settings.MAILBOX_DIR = tmp_path


def send(subject: str, number: int = 1) -> None:
    mail = EmailMultiAlternatives(
        subject,
        "Open http://gem.localhost:8000/accounts/x/ now",
        "Gem <no-reply@x.example>",
        ["ann@example.com"],
        headers={"Message-ID": f"<{number}@x>"},
        connection=get_connection("sandbox.mailbox.MailboxBackend"),
    )
    mail.attach_alternative(
        '<html><head></head><body><p style="color:red">Hi <b style="color:red">Ann</b></p></body></html>', "text/html"
    )
    mail.send()


def test_a_host_shows_its_own_mails_only(brand: Any, other_brand: Any, client_for: ClientFor) -> None:
    send("For Gem")
    with brand_context(other_brand):
        send("For Oak")
    with platform_context():
        send("For the platform")
    pages = {
        each: client_for(host).get("/mailbox/").content.decode()
        for each, host in (("Gem", brand), ("Oak", other_brand), ("the platform", None))
    }
    for owner, page in pages.items():
        assert [each for each in pages if f"For {each}" in page] == [owner]


def test_a_mail_of_another_host_is_not_there_even_by_its_name(
    brand: Any, other_brand: Any, client_for: ClientFor
) -> None:
    send("For Gem")
    name = mails()[0].name
    assert client_for(brand).get(f"/mailbox/{name}/").status_code == 200
    assert client_for(other_brand).get(f"/mailbox/{name}/").status_code == 404
    assert client_for(other_brand).get(f"/mailbox/{name}/html/").status_code == 404


@pytest.mark.parametrize("name", ["..", "../b_oak/x", "1", "0000000000000-zzzzzzzzzzzzzzzz", "%2e%2e"])
def test_a_name_that_is_none_finds_nothing(brand: Any, client_for: ClientFor, name: str) -> None:
    assert mail_named(name) is None
    assert client_for(brand).get(f"/mailbox/{name}/").status_code == 404


def test_a_mail_that_was_sent_twice_is_kept_once(brand: Any) -> None:
    send("Once")
    send("Once")
    send("Twice", 2)
    assert len(mails()) == 2


def test_links_can_be_clicked_and_the_picture_of_the_mail_runs_nothing(brand: Any, client_for: ClientFor) -> None:
    send("Hello")
    name = mails()[0].name
    client = client_for(brand)
    assert 'href="http://gem.localhost:8000/accounts/x/"' in client.get(f"/mailbox/{name}/").content.decode()
    framed = client.get(f"/mailbox/{name}/html/")
    policy = framed["Content-Security-Policy"]
    assert "script-src 'none'" in policy
    assert "sandbox" in policy
    assert "unsafe" not in policy
    assert "style=" not in framed.content.decode()


def test_style_attributes_become_classes() -> None:
    html, sheet = styles_moved('<p style="a:b">x</p><i style="c:d">y</i><p style="a:b">z</p>')
    assert html == '<p class="s0">x</p><i class="s1">y</i><p class="s0">z</p>'
    assert sheet == ".s0{a:b}.s1{c:d}"
