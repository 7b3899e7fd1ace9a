"""Taking a scheduled version back and publishing an older one again, over REST."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from msgspec import Meta

from core.api.schema import describe
from core.api.shapes import Body
from core.api.thin import ThinView
from core.idempotency import Reply
from loyalty.api import examples
from loyalty.api.programs import TAG, program_by_slug, version_by_number, version_out
from loyalty.api.shapes import VersionOut
from loyalty.publishing import version_republish
from loyalty.tierpreview import Mode
from loyalty.withdrawing import version_withdraw

WITHDRAW: dict[str, Any] = {"reason": "The campaign is off"}
AGAIN: dict[str, Any] = {"newest": 4, "note": "Back to the autumn rules", "tier_recalculation": {"status": "none"}}


class VersionWithdraw(Body):
    reason: Annotated[str, Meta(max_length=300)] = ""


class VersionAgain(Body):
    """newest: the number of the newest version that you know of; another one since is a conflict.

    in_force_from: now when it isn't said. tier_recalculation: by ladder, what becomes of the members of one that
    changes by it; they stay where they are when it isn't said. count_back: codes of counters that the version brings
    and the newest doesn't have, which start with what stored events come to; the others start at zero. The draft stays
    as it is.
    """

    newest: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    note: Annotated[str, Meta(max_length=300)] = ""
    in_force_from: Annotated[datetime, Meta(tz=True)] | None = None
    tier_recalculation: Annotated[dict[Annotated[str, Meta(max_length=40)], Mode], Meta(max_length=20)] = {}
    count_back: Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=100)] = []


class VersionWithdrawView(ThinView):
    scopes = {"POST": "programs:publish"}

    @describe(
        summary="Take a scheduled version back",
        tag=TAG,
        body=VersionWithdraw,
        answers={200: VersionOut},
        idempotency="optional",
        refusals=(409,),
        examples={"body": WITHDRAW, "200": {**examples.VERSION_ROW, "withdrawn_at": "2026-11-20T10:00:00Z"}},
    )
    def post(self, request: HttpRequest, program: str, number: int) -> HttpResponse:
        """It never takes effect, and stays readable. One that is in force, or will be within the minute, is refused:
        publish an older one again instead."""
        body = self.read_body(VersionWithdraw)
        return self.once(lambda: self._withdraw(program, number, body), required=False)

    def _withdraw(self, program: str, number: int, body: VersionWithdraw) -> Reply:
        row = program_by_slug(program)
        version_withdraw(version=version_by_number(row, number), actor=self.principal.actor, reason=body.reason)
        return 200, version_out(version_by_number(row, number))


class VersionAgainView(ThinView):
    scopes = {"POST": "programs:publish"}

    @describe(
        summary="Publish an older version again",
        tag=TAG,
        body=VersionAgain,
        answers={201: VersionOut},
        idempotency="required",
        refusals=(409,),
        examples={"body": AGAIN, "201": examples.VERSION_ROW},
    )
    def post(self, request: HttpRequest, program: str, number: int) -> HttpResponse:
        """Roll back: what this version says becomes a new version, checked as any other; nothing published changes."""
        body = self.read_body(VersionAgain)
        return self.once(
            lambda: self._again(program, number, body),
            required=True,
            location=lambda made: f"/api/v1/programs/{program}/versions/{made['number']}",
        )

    def _again(self, program: str, number: int, body: VersionAgain) -> Reply:
        made = version_republish(
            version=version_by_number(program_by_slug(program), number),
            actor=self.principal.actor,
            expected_newest=body.newest,
            note=body.note or _("Version %(n)d again") % {"n": number},
            in_force_from=body.in_force_from,
            tier_recalculation=body.tier_recalculation,
            count_back=body.count_back,
        )
        return 201, version_out(made)
