"""Published versions: what members earned by, and when. Looked at, taken away as a file, published again, withdrawn."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core import clock
from core.backoffice.asking import ask_and_do, sent
from core.backoffice.base import ReadOnlyAdmin, actor_of, add_refusal
from core.backoffice.columns import actor_names, attach, attached
from core.backoffice.registry import brand_admin
from core.errors import DomainError
from loyalty.admin.again import again_page
from loyalty.admin.files import document_file, download
from loyalty.admin.program_forms import WithdrawForm
from loyalty.admin.versionstates import STATE_TONES, version_state, versions_in_force
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_shape
from loyalty.drafts import draft_replace
from loyalty.models import ProgramVersion
from loyalty.published import newest_version
from loyalty.withdrawing import version_withdraw, withdrawable

PUBLISH = "loyalty.publish_program"


@brand_admin(ProgramVersion)
class ProgramVersionAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "state", "in_force", "published_at", "who", "note")
    list_filter = ("program",)
    list_select_related = ("program", "withdrawal")
    ordering = ("-id",)
    change_form_template = "admin/loyalty/version.html"
    fields = (("program", "number"), ("state_word", "in_force"), ("who", "published_at"), "note")
    readonly_fields = ("program", "number", "state_word", "in_force", "published_at", "who", "note")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProgramVersion]:
        rows: QuerySet[ProgramVersion] = super().get_queryset(request).select_related("program", "withdrawal")
        match = request.resolver_match
        return rows.defer("document") if match is not None and match.url_name == self._list_name() else rows

    def _list_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_changelist"

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        names = actor_names(row.published_by for row in rows)
        attach(rows, "who", lambda page: {row.pk: names.get(row.published_by, row.published_by) for row in page})
        in_force = versions_in_force(clock.now())
        attach(rows, "state", lambda page: {row.pk: version_state(row, in_force) for row in page})

    @display(description=gettext_lazy("in force from"), ordering="in_force_from")
    def in_force(self, version: ProgramVersion) -> str:
        since = version.in_force_from
        return _("the beginning") if since is None else date_format(localtime(since), "SHORT_DATETIME_FORMAT")

    @display(description=gettext_lazy("published by"))
    def who(self, version: ProgramVersion) -> str:
        if attached(version, "who") is None:
            return actor_names([version.published_by]).get(version.published_by, version.published_by)
        return str(attached(version, "who"))

    @display(description=gettext_lazy("state"), label=STATE_TONES)
    def state(self, version: ProgramVersion) -> tuple[str, str]:
        known = attached(version, "state")
        return version_state(version) if known is None else known

    @display(description=gettext_lazy("state"))
    def state_word(self, version: ProgramVersion) -> str:
        """For its own page, which shows no labels."""
        return version_state(version)[1]

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<path:object_id>/publish/", wrap(self.publish_view), name="loyalty_programversion_publish"),
            path("<path:object_id>/withdraw/", wrap(self.withdraw_view), name="loyalty_programversion_withdraw"),
            path("<path:object_id>/again/", wrap(self.again_view), name="loyalty_programversion_again"),
            path("<path:object_id>/yaml/", wrap(self.yaml_view), name="loyalty_programversion_yaml"),
            *super().get_urls(),
        ]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        version = self.object_or_404(request, object_id)
        context = {
            "document_yaml": document_file(version.document),
            "may_edit": request.user.has_perm("loyalty.change_program"),
            **self._offered(request, version),
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)

    def _offered(self, request: HttpRequest, version: ProgramVersion) -> dict[str, Any]:
        """Which of publishing again and withdrawing makes sense for this version, and may be done by this person."""
        may_publish = request.user.has_perm(PUBLISH)
        withdrawal = getattr(version, "withdrawal", None)
        newest = newest_version(version.program)
        who = actor_names([withdrawal.withdrawn_by]) if withdrawal is not None else {}
        return {
            "withdrawal": withdrawal,
            "withdrawn_by": who.get(withdrawal.withdrawn_by, withdrawal.withdrawn_by) if withdrawal else "",
            "may_withdraw": may_publish and withdrawal is None and withdrawable(version, clock.now()),
            "may_publish_again": may_publish and newest is not None and newest.document_hash != version.document_hash,
        }

    def publish_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Roll back in one step: see what would change, confirm it, and the older version holds again."""
        version = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(PUBLISH))
        return again_page(self, request, version)

    def withdraw_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        version = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(PUBLISH))

        def act(given: dict[str, Any]) -> str:
            version_withdraw(version=version, actor=actor_of(request), reason=given["reason"])
            return _("Version %(n)d is withdrawn: it never takes effect.") % {"n": version.number}

        begins = version.in_force_from
        intro = _("It was to take effect on %(when)s and never will. What holds now goes on; the draft stays as it is.")
        return ask_and_do(
            self, request, WithdrawForm(sent(request)), act, title=_("Withdraw version %(n)d") % {"n": version.number},
            intro=intro % {"when": date_format(localtime(begins), "DATETIME_FORMAT") if begins else ""},
            submit=_("Withdraw"), danger=True, obj=version, back=self.url("change", version.pk),
        )  # fmt: skip

    def yaml_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        version = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, version))
        return download(document_file(version.document), f"{version.program.slug}-v{version.number}.yaml")

    def again_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Roll back: this version's document becomes the draft, to be reviewed and published like any other."""
        version = self.object_or_404(request, object_id)
        self.require(request.user.has_perm("loyalty.change_program"))
        review = reverse("admin:loyalty_program_publish", args=[version.program_id])
        if request.method == "POST":
            try:
                draft_replace(
                    program=version.program,
                    document=document_shape(version.document),
                    expected_revision=int(request.POST.get("revision") or -1),
                    actor=actor_of(request),
                )
            except DomainError as error:
                add_refusal(request, error)
                return HttpResponseRedirect(self.url("change", version.pk))
            except (DefinitionError, ValueError):
                messages.error(request, _("This version can't be read any more."))
                return HttpResponseRedirect(self.url("change", version.pk))
            messages.success(
                request, _("The draft is version %(n)d again. Review and publish it.") % {"n": version.number}
            )
            return HttpResponseRedirect(review)
        context = self.page_context(
            request,
            title=_("Use version %(n)d as the draft again") % {"n": version.number},
            obj=version,
            intro=_(
                "Everything in the draft that isn't published is replaced. Members notice nothing until you publish."
            ),
            revision=version.program.draft_revision,
            submit=_("Replace the draft"),
            cancel_url=self.url("change", version.pk),
        )
        return TemplateResponse(request, "admin/loyalty/again.html", context)
