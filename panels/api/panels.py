"""Which product panels there are."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from core.api.pagination import page_of
from core.api.schema import describe
from core.api.thin import ThinView
from core.api.views import answer
from panels.api import examples
from panels.api.shapes import TAG, PanelOut, ProgramQuery, named, panel_out
from panels.models import Panel


class PanelsView(ThinView):
    scopes = {"GET": "panels:read"}

    @describe(
        summary="List product panels",
        tag=TAG,
        query=ProgramQuery,
        answers={200: PanelOut},
        page=True,
        refusals=(404,),
        examples={"200": examples.PANELS},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """Newest first, in pages: when members apply, for how many products, and what is asked."""
        program = self.read_query(ProgramQuery).program
        rows = Panel.objects.select_related("program").filter(program__archived_at__isnull=True)
        found = rows if program is None else rows.filter(program__slug=program)
        return answer(200, page_of(found, request).body(panel_out))


class PanelView(ThinView):
    scopes = {"GET": "panels:read"}

    @describe(
        summary="Read a product panel",
        tag=TAG,
        query=ProgramQuery,
        answers={200: PanelOut},
        refusals=(404,),
        examples={"200": examples.PANEL},
    )
    def get(self, request: HttpRequest, panel: str) -> HttpResponse:
        """Its terms and questions, how many products are left, and the seed once lots were drawn."""
        return answer(200, panel_out(named(panel, self.read_query(ProgramQuery).program)))
