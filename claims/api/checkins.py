"""Checking in from a partner's app, and the places where one can."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from claims.api import examples
from claims.api.shapes import (
    CheckInCreate,
    CheckInFilters,
    CheckInOut,
    PlaceFilters,
    PlaceOut,
    check_in_out,
    place_out,
)
from claims.checkins import Position, check_in_by_code, check_in_by_position
from claims.models import CheckIn, Place
from core.api.pagination import page_of
from core.api.schema import describe
from core.api.thin import ThinView
from core.api.views import answer
from core.errors import IdempotencyKeyMissing, InvalidInput
from core.idempotency import Reply
from loyalty.api.places import place_of
from loyalty.models import Enrollment
from members.api.reference import member_by_reference

TAG = "Check-ins"


class MemberCheckInsView(ThinView):
    scopes = {"GET": "checkins:read", "POST": "checkins:write"}

    @describe(
        summary="Check a member in",
        tag=TAG,
        body=CheckInCreate,
        answers={201: CheckInOut},
        idempotency="required",
        refusals=(404, 409, 422),
        examples={"body": examples.CHECK_IN_CREATE, "201": examples.CHECK_IN},
    )
    def post(self, request: HttpRequest, member: str) -> HttpResponse:
        """By the device's position, or by the token of a code on a place's screen.

        201 also where it doesn't count: read `state` and `reason`. The position is not kept, only how far from the
        place it was, rounded. An accepted one is an event `store.checked_in`.
        """
        body = self.read_body(CheckInCreate)
        if (body.position is None) == (body.token is None) or (body.token is not None and body.place is not None):
            raise InvalidInput(_("Send either a position or a token; a place goes with a position."), field="position")
        if not self.idempotency_key:
            raise IdempotencyKeyMissing()

        def run() -> Reply:
            row = self._check_in(place_of(member, body.program), body)
            return 201, check_in_out(rows().get(pk=row.pk))

        return self.once_by_nature(run, location=lambda made: f"/api/v1/members/{member}/checkins")

    def _check_in(self, enrollment: Enrollment, body: CheckInCreate) -> CheckIn:
        actor, key = self.principal.actor, f"{self.principal.name}:{self.idempotency_key}"
        if body.token is not None:
            return check_in_by_code(enrollment=enrollment, shown=body.token, actor=actor, key=key)
        assert body.position is not None
        position = Position(body.position.latitude, body.position.longitude, body.position.accuracy_m)
        return check_in_by_position(
            enrollment=enrollment, position=position, place=body.place, actor=actor, key=key
        )  # fmt: skip

    @describe(
        summary="List a member's check-ins",
        tag=TAG,
        query=CheckInFilters,
        answers={200: CheckInOut},
        page=True,
        refusals=(404,),
        examples={"200": examples.CHECK_INS},
    )
    def get(self, request: HttpRequest, member: str) -> HttpResponse:
        """Newest first, in pages, those that don't count among them."""
        filters = self.read_query(CheckInFilters)
        found = rows().filter(enrollment__member=member_by_reference(member))
        if filters.state is not None:
            found = found.filter(state=filters.state)
        if filters.program is not None:
            found = found.filter(enrollment__program__slug=filters.program)
        return answer(200, page_of(found, request).body(check_in_out))


class PlacesView(ThinView):
    scopes = {"GET": "places:read"}

    @describe(
        summary="List places",
        tag=TAG,
        query=PlaceFilters,
        answers={200: PlaceOut},
        page=True,
        examples={"200": examples.PLACES},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """Where members can check in, newest first, in pages."""
        filters = self.read_query(PlaceFilters)
        found = Place.objects.all()
        if filters.kind is not None:
            found = found.filter(kind=filters.kind)
        if filters.active is not None:
            found = found.filter(active=filters.active)
        return answer(200, page_of(found, request).body(place_out))


def rows() -> QuerySet[CheckIn]:
    return CheckIn.objects.select_related("place", "enrollment__member", "enrollment__program")
