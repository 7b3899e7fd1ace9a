"""The “try it” panel beside a rule: a member, an event made up or one of theirs, and what the draft as it stands in the
form would make of it, with the trace in words. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django.db.models import Q
from django.http import HttpRequest, QueryDict
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from msgspec import Struct

from core import clock
from core.backoffice.base import actor_of, refusal_text
from core.backoffice.display import scaled
from loyalty.admin.amounts import money
from loyalty.admin.forms.attributes import event_types
from loyalty.admin.forms.editor import StructForm
from loyalty.admin.forms.node import Node
from loyalty.admin.problemplaces import placed
from loyalty.admin.tracewords import TraceLine, trace_lines
from loyalty.definition.checks import document_problems
from loyalty.definition.document import Document
from loyalty.definition.read import document_plain
from loyalty.definition.translation import text_in
from loyalty.drafts import problems_read
from loyalty.models import Event, Order, Program
from loyalty.payloads import ORDER_PAID, PAYLOADS
from loyalty.simulating import Simulated, event_simulate
from members.models import Member

ROOT = "t"
MOST_MEMBERS, MOST_EVENTS = 8, 15


class Made(Struct, kw_only=True):
    """An event of a type that has no shape of its own: names with values."""

    event_values: dict[str, Any] = {}


class Tried(Struct, frozen=True):
    """earned: what it would give, in words. problem: why it can't be tried, "" when it was."""

    problem: str = ""
    earned: list[str] = []
    lines: list[TraceLine] = []


class Past:
    """An event of the member to try again, in a word or two."""

    def __init__(self, row: Event) -> None:
        self.row, self.pk = row, str(row.pk)
        self.order: dict[str, Any] = row.payload.get("order") or {} if row.type == ORDER_PAID else {}
        self.number = str(self.order.get("number", ""))

    @property
    def words(self) -> str:
        when = date_format(localtime(self.row.occurred_at), "SHORT_DATETIME_FORMAT")
        if not self.order:
            return f"{when} · {self.row.external_id}"
        return f"{when} · {self.number} · {money(self.order['total_minor'], self.order['currency'])}"


class Panel:
    """What the panel shows. asked: whether it was tried just now."""

    def __init__(self, request: HttpRequest, program: Program, trigger: str, whole: dict[str, Any]) -> None:
        self.program = program
        sent = request.POST if request.method == "POST" else None
        self.asked = sent is not None and sent.get("_do") == "try"
        self.search = sent.get("t.member", "").strip() if sent is not None else ""
        self.members = found_members(self.search)
        chosen = sent.get("t.chosen", "") if sent is not None else ""
        self.member = next((each for each in self.members if str(each.pk) == chosen), None)
        if self.member is None and self.members:
            self.member = self.members[0]
        self.trigger = trigger
        self.trigger_words = dict(event_types(whole)).get(trigger, trigger)
        self.events = self._events()
        self.event = self._chosen(sent)
        self.form = self._form(whole, sent)
        self.nodes = [node for _title, nodes in self.form.sections() for node in nodes]
        self.tried: Tried | None = None

    def _events(self) -> list[Past]:
        """The member's newest of the type; one whose order was searched for stands first."""
        if self.member is None or not self.trigger:
            return []
        known = Event.objects.filter(member=self.member, program=self.program, type=self.trigger).only(
            "id", "external_id", "occurred_at", "payload", "type"
        )
        wanted = list(known.filter(order__number=self.search)) if self.search else []
        newest = known.exclude(pk__in=[each.pk for each in wanted]).order_by("-occurred_at")[:MOST_EVENTS]
        return [Past(each) for each in (*wanted, *newest)]

    def _chosen(self, sent: QueryDict | None) -> Past | None:
        """The past event that was picked; else the order that was searched for, until another search or choice."""
        if sent is None:
            return None
        picked = sent.get("t.what", "")
        found = next((each for each in self.events if each.pk == picked), None)
        if found is None and sent.get("t.found", "") != self.search:
            found = next((each for each in self.events if self.search and each.number == self.search), None)
        return found

    def _form(self, whole: dict[str, Any], sent: QueryDict | None) -> StructForm:
        cls: type[Struct] = PAYLOADS.get(self.trigger, Made)
        begun = f"{ROOT}.shape"
        plain: dict[str, Any] | None = {"event_values": {}} if cls is Made else None
        if self.trigger == ORDER_PAID:
            money = whole.get("program", {}).get("money_currency", "EUR")
            plain = {"order": {"number": "TRY-1", "currency": money, "total_minor": 2500}}
        same = sent is not None and sent.get(begun) == cls.__name__
        form = StructForm(cls, plain=None if same else plain, whole=whole, sent=sent if same else None, root=ROOT)
        self.shape = cls.__name__
        return form

    def run(self, request: HttpRequest, document: Document | None, lacks: str) -> None:
        """Try it by the document; lacks: what stands in the way of there being one."""
        if document is None:
            self.tried = Tried(lacks or _("Mend the rest of the draft first; its program page says what is wrong."))
            return
        problems = document_problems(document)
        if problems:
            [first] = placed(self.program, problems_read(problems[:1]))
            told_first = f"{first['problem']} {first['mend']}"
            self.tried = Tried(f"{first['place']}: {told_first}" if first["place"] else told_first)
            return
        try:
            event = self._event()
        except ValueError as error:
            self.tried = Tried(str(error))
            return
        found = event_simulate([event], actor=actor_of(request), program=self.program, document=document, anew=True)[0]
        self.tried = told(found, document)

    def _event(self) -> dict[str, Any]:
        """The envelope. ValueError says what it lacks."""
        if self.member is None:
            raise ValueError(_("Say which member."))
        if self.event is not None:
            payload, when = self.event.row.payload, self.event.row.occurred_at
        else:
            if self.form.errors:
                path, messages = next(iter(self.form.errors.items()))
                label = _label_at(self.nodes, path)
                raise ValueError(f"{label}: {messages[0]}" if label else messages[0])
            payload, when = self.form.plain, clock.now()
            payload = payload.get("event_values", {}) if self.shape == Made.__name__ else payload
        return {
            "id": f"try-{uuid4()}", "type": self.trigger, "member": str(self.member.public_id),
            "occurred_at": localtime(when).isoformat(), "program": self.program.slug, "data": payload,
        }  # fmt: skip


def _label_at(nodes: Iterable[Node], path: str) -> str:
    """What the panel calls the field; nothing where it has no name of its own."""
    for node in nodes:
        found = node.label if node.path == path else _label_at(node.below, path)
        if found:
            return found
    return ""


def found_members(search: str) -> list[Member]:
    """Whom the words may mean, the newest first; some to begin with when nothing was typed."""
    rows = Member.objects.filter(status=Member.Status.ACTIVE)
    if search:
        of_order = Order.objects.filter(number=search).values("member")
        rows = rows.filter(
            Q(name__icontains=search) | Q(email__iexact=search) | Q(external_id=search) | Q(pk__in=of_order)
        )
    return list(rows.order_by("-pk")[:MOST_MEMBERS])


def told(found: Simulated, document: Document) -> Tried:
    """What came of it, in words."""
    error = found.answer.error
    if error is not None:
        return Tried(refusal_text(error))
    currencies = {each.code: each for each in document.currencies}
    language = (get_language() or "en")[:2]
    earned = []
    for award in found.answer.body.get("awards", []):
        currency = currencies.get(award.get("currency", ""))
        if currency is not None:
            name = text_in(currency.name_many, language)
            earned.append(f"{scaled(int(award['points']), currency.scale)} {name}")
    return Tried(earned=earned, lines=trace_lines(found.trace, document_plain(document)))
