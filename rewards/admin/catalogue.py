"""The catalogue in the admin: a list, and a page per reward, its form made from the piece of the document."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.backoffice.base import BrandAdmin, actor_of, refusal_text
from core.backoffice.columns import attach, attached
from core.backoffice.display import points
from core.backoffice.registry import brand_admin
from core.errors import DomainError
from loyalty.admin.forms.editor import StructForm
from loyalty.drafts import draft_plain
from loyalty.errors import ProgramInvalid
from loyalty.models import Program
from loyalty.pieces import seen_of
from loyalty.templatetags.points import in_language
from rewards.admin import words  # noqa: F401  (what the fields of a piece are called)
from rewards.catalogue import reward_save
from rewards.kinds.words import kind_word
from rewards.models import Reward, RewardStock
from rewards.pieces import piece_of, piece_plain
from rewards.section import RewardPiece


@brand_admin(Reward)
class RewardAdmin(BrandAdmin):
    list_display = ("shown_name", "kind_shown", "price_shown", "offered", "left", "position")
    list_filter = ("active", "program")
    list_select_related = ("program", "pool")
    search_fields = ("name", "name_nl", "code")
    ordering = ("position", "id")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        buckets = RewardStock.objects.filter(reward__in=[row.pk for row in rows])
        stock = dict(buckets.values_list("reward").annotate(Sum("remaining")))
        attach(rows, "left", lambda page: stock)

    @display(description=gettext_lazy("reward"), ordering="name")
    def shown_name(self, reward: Reward) -> str:
        return f"{reward.emoji} {in_language(reward, 'name')}".strip()

    @display(description=gettext_lazy("kind"), ordering="kind")
    def kind_shown(self, reward: Reward) -> str:
        return kind_word(reward.kind)

    @display(description=gettext_lazy("price"), ordering="price")
    def price_shown(self, reward: Reward) -> str:
        if not reward.takeable:
            return _("only given")
        return f"{points(reward.price)} {reward.currency}".strip()

    @display(description=gettext_lazy("offered"), ordering="active", label={"yes": "success", "no": "warning"})
    def offered(self, reward: Reward) -> tuple[str, str]:
        return ("yes", _("yes")) if reward.active else ("no", _("no"))

    @display(description=gettext_lazy("left"))
    def left(self, reward: Reward) -> str:
        amounts = [reward.pool.left] if reward.pool is not None else []
        if reward.stock_total is not None:
            amounts.append(attached(reward, "left") or 0)
        return points(min(amounts)) if amounts else _("unlimited")

    # --- page ----------------------------------------------------------------------------------------------------
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        self.require(self.has_add_permission(request))
        programs = list(Program.objects.filter(archived_at__isnull=True).order_by("name"))
        chosen = request.GET.get("program", "")
        program = next((each for each in programs if str(each.pk) == chosen), programs[0] if programs else None)
        if program is None:
            messages.info(request, _("Make a program first."))
            return HttpResponseRedirect(reverse("admin:loyalty_program_changelist"))
        return self._page(request, program, None, programs)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        self.require(self.has_view_or_change_permission(request, row))
        return self._page(request, row.program, row, [])

    def _page(
        self, request: HttpRequest, program: Program, row: Reward | None, programs: list[Program]
    ) -> HttpResponse:
        plain = piece_plain(piece_of(row)) if row is not None else None
        may = self.has_change_permission(request, row) if row is not None else True
        sent = request.POST if request.method == "POST" else None
        whole = draft_plain(program)
        form = StructForm(RewardPiece, plain=plain, whole=whole, sent=sent, key="code", program=program.pk)
        status = 200
        if sent is not None and not form.acted:
            self.require(may)
            saved = self._save(request, form, program, row)
            if saved is not None:
                messages.success(request, _("Saved. Members see it from now on."))
                stay = "_continue" in sent
                return HttpResponseRedirect(self.url("change", saved.pk) if stay else self.url("changelist"))
            status = 422
        context = self.page_context(
            request,
            title=str(row) if row is not None else _("Add a reward"),
            obj=row,
            sections=form.sections(),
            top=form.top_errors,
            program=program,
            programs=programs,
            may_save=may,
            seen=form.sent.get("seen", "") if form.sent is not None else seen_of(plain),
            list_url=self.url("changelist"),
            form_url=request.get_full_path(),
        )
        return TemplateResponse(request, "admin/rewards/reward.html", context, status=status)

    def _save(self, request: HttpRequest, form: StructForm, program: Program, row: Reward | None) -> Reward | None:
        """The written row, or None with the errors placed."""
        made = form.made()
        if made is None:
            return None
        try:
            return reward_save(
                program=program,
                plain=made,
                before=row.code if row is not None else None,
                seen=request.POST.get("seen", "") if row is not None else None,
                actor=actor_of(request),
            )
        except ProgramInvalid as error:
            form.place(error.context["problems"])
        except DomainError as error:
            form.refuse(refusal_text(error))
        return None
