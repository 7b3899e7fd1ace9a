"""Whoever can't program can build every program: each piece of each template is typed into the admin's own pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from loyalty.definition.lists import document_lists, piece_key, settings_plain
from loyalty.definition.read import document_plain
from loyalty.draftrows import rows_of
from loyalty.drafts import draft_plain
from loyalty.models import Program
from loyalty.templates import template_document, template_documents
from tests.backoffice.sent import refusals, told
from tests.backoffice.test_pages import path_of
from tests.backoffice.typist import NotOnThePage, Sent, Typist

Entered = Callable[[str], Client]
TABLES = {"currencies": "pointcurrency", "ladders": "ladder", "rules": "earningrule"}
REWARD = "reward"


def sending(client: Client, address: str) -> Callable[[Sent], str]:
    return lambda sent: told(posted(client, address, sent))


def posted(client: Client, address: str, sent: Sent) -> Any:
    fields: dict[str, list[str]] = {}
    for name, value in sent:
        fields.setdefault(name, []).append(value)
    return client.post(address, fields)


def begun(client: Client, settings: dict[str, Any]) -> Program:
    """A new program, emptied of what the product puts into it."""
    fields = {"name": "Typed", "slug": "typed", "time_zone": settings.get("time_zone", "UTC")}
    answer = client.post(
        path_of("loyalty_program_add"), {**fields, "money_currency": settings.get("money_currency", "EUR")}
    )
    assert answer.status_code == 302, refusals(answer)
    program = Program.objects.get(slug="typed")
    for kind, name in (("rules", "earningrule"), ("currencies", "pointcurrency")):
        for row in rows_of(program, kind):
            assert client.post(path_of(f"loyalty_{name}_delete", row.pk), {"post": "yes"}).status_code == 302
    return program


def settings_typed(client: Client, program: Program, wanted: dict[str, Any]) -> None:
    address = path_of("loyalty_program_change", program.pk)
    typist = Typist(told(client.get(address)), sending(client, address))
    for name, value in wanted.items():
        typist.write(f"p.{name}", value)
    answer = posted(client, address, typist.sent())
    assert answer.status_code == 302, refusals(answer)


def typed_at(client: Client, address: str, wanted: dict[str, Any]) -> Any:
    typist = Typist(told(client.get(address)), sending(client, address))
    for each, value in wanted.items():
        typist.write(f"p.{each}", value)
    return posted(client, address, typist.sent())


def listed_typed(client: Client, program: Program, kind: str, wanted: dict[str, Any]) -> Any:
    address = path_of(f"loyalty_{TABLES.get(kind, 'draftpart')}_add")
    return typed_at(client, f"{address}?program={program.pk}&list={kind}", wanted)


def reward_typed(client: Client, program: Program, wanted: dict[str, Any]) -> Any:
    return typed_at(client, f"{path_of('rewards_reward_add')}?program={program.pk}", wanted)


def section_typed(client: Client, program: Program, name: str, wanted: dict[str, Any]) -> Any:
    return typed_at(client, path_of("loyalty_program_section", program.pk, name), wanted)


def piece_typed(client: Client, program: Program, kind: str, wanted: dict[str, Any]) -> list[str]:
    """Why it couldn't be entered: it is refused, or can't be chosen, as long as it names what isn't there yet."""
    try:
        if kind in document_lists():
            answer = listed_typed(client, program, kind, wanted)
        elif kind == REWARD:
            answer = reward_typed(client, program, wanted)
        else:
            answer = section_typed(client, program, kind, wanted)
    except NotOnThePage as missing:
        return [str(missing)]
    return [] if answer.status_code == 302 else ["refused", *refusals(answer)]


def pieces_of(wanted: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Everything that has a page of its own. A rule may name what a section holds, and a section what lists hold."""
    sections = dict(wanted.get("sections", {}))
    rewards = sections.pop("rewards", {}).get("items", [])
    lists = [(kind, each) for kind in document_lists() for each in wanted.get(kind, [])]
    return [*lists, *((REWARD, each) for each in rewards), *sections.items()]


def by_code(whole: dict[str, Any]) -> dict[str, Any]:
    """Lists and rewards by code, since pieces stand in the order in which they were made."""
    lists, sections = document_lists(), dict(whole.get("sections", {}))
    rewards = {each["code"]: each for each in sections.pop("rewards", {}).get("items", [])}
    whole = {**whole, "sections": sections, "rewards": rewards}
    return {name: {piece_key(name, each): each for each in value} if name in lists else value
            for name, value in whole.items() if value not in ([], {})}  # fmt: skip


@pytest.mark.parametrize("key", sorted(template_documents()))
def test_every_template_can_be_built_in_the_admin_alone(key: str, brand: Any, entered: Entered) -> None:
    client, wanted = entered("owner"), document_plain(template_document(key))
    program = begun(client, wanted["program"])
    settings_typed(client, program, settings_plain(wanted))
    waiting = pieces_of(wanted)
    while waiting:
        told_why = [(kind, each, piece_typed(client, program, kind, each)) for kind, each in waiting]
        left = [(kind, each) for kind, each, why in told_why if why]
        assert len(left) < len(waiting), [(kind, each.get("code"), why) for kind, each, why in told_why if why]
        waiting = left
    program.refresh_from_db()
    assert by_code(draft_plain(program)) == by_code(wanted)
    page = client.post(path_of("loyalty_program_publish", program.pk), {"revision": program.draft_revision})
    assert page.status_code == 302, refusals(page)
