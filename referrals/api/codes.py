"""Codes over REST: a member's own, and what a friend may be told of one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from core.api.schema import describe, path_parameter
from core.api.thin import ThinView
from core.api.views import answer
from core.idempotency import Reply
from loyalty.api.places import place_of
from referrals.api import examples
from referrals.api.shapes import CodeFilter, CodeOut, CodeSeen, CodeWrite, code_out
from referrals.codes import code_choose, code_ensure, code_find, display_name_set
from referrals.selectors import section_now

TAG = "Friends"
path_parameter("code", description="The code that a friend gave.", schema={"type": "string"}, example="ANNA2030")


class MemberCodeView(ThinView):
    scopes = {"GET": "referrals:read", "PUT": "referrals:write"}

    @describe(
        summary="Read a member's code",
        tag=TAG,
        query=CodeFilter,
        answers={200: CodeOut},
        refusals=(404, 409),
        examples={"200": examples.CODE},
    )
    def get(self, request: HttpRequest, member: str) -> HttpResponse:
        """The code and the link that they share. Made at random the first time."""
        place = place_of(member, self.read_query(CodeFilter).program)
        return answer(200, code_out(code_ensure(enrollment=place), self.http))

    @describe(
        summary="Choose a member's code",
        tag=TAG,
        body=CodeWrite,
        answers={200: CodeOut},
        idempotency="optional",
        refusals=(404, 409, 422),
        examples={"body": examples.CODE_WRITE, "200": examples.CODE},
    )
    def put(self, request: HttpRequest, member: str) -> HttpResponse:
        """A code that can be read, and the name that friends see. Codes of before still lead to the member."""
        body = self.read_body(CodeWrite)

        def run() -> Reply:
            place = place_of(member, body.program)
            if body.code is not None:
                code_choose(enrollment=place, code=body.code, actor=self.principal.actor)
            if body.display_name is not None:
                display_name_set(enrollment=place, name=body.display_name)
            return 200, code_out(code_ensure(enrollment=place), self.http)

        return self.once(run, required=False)


class CodeView(ThinView):
    scopes = {"GET": "referrals:read"}

    @describe(
        summary="Look a code up",
        tag=TAG,
        answers={200: CodeSeen},
        refusals=(404, 429),
        examples={"200": examples.CODE_SEEN},
    )
    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        """Whether there is such a code, and the name that its member shows to friends. Who guesses is locked out."""
        found = code_find(code, asked_by=self.principal.name)
        place = found.enrollment
        is_open = section_now(place.program_id) is not None
        return answer(200, CodeSeen(found.code, place.program.slug, found.display_name, is_open))
