"""Base classes of the brand's admin: bounded lists, refusals beside the field, every write through a service.

A ModelAdmin here never saves by itself: `perform(request, obj, form, change)` calls one service. What the service
refuses (DomainError) comes back as an error of the form, with nothing written.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from core.actor import Actor
from core.backoffice.columns import PageChangeList
from core.backoffice.paging import BoundedPaginator
from core.errors import DomainError

_REFUSAL = "_backoffice_refusal"
AUDIT = "core.view_auditentry"


def actor_of(request: HttpRequest) -> Actor:
    """The member of staff who sent the request."""
    return Actor("staff", f"user:{request.user.pk}", "admin")


def refusal_text(error: DomainError) -> str:
    """What was refused and what to do about it, as one line."""
    return " ".join(filter(None, [str(error.detail), str(error.hint)]))


class RefusableForm(forms.BaseForm):
    """Shows what a service refused in the first try of this same request."""

    refusal: ClassVar[DomainError | None] = None

    def clean(self) -> Any:
        cleaned = super().clean()
        if self.refusal is not None:
            field = self.refusal.field if self.refusal.field in self.fields else None
            self.add_error(field, refusal_text(self.refusal))
        return cleaned


class BrandAdmin(ModelAdmin):  # type: ignore[misc]  # its base has no types
    """Lists that stay quick, 404 for what isn't this brand's, no deleting unless a subclass says how."""

    paginator = BoundedPaginator
    list_per_page = 50
    show_full_result_count = False
    list_filter_submit = True
    warn_unsaved_form = True
    save_as_continue = False
    list_max_show_all = 50
    deletable: ClassVar[bool] = False

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """No buttons beside a choice that would open another form in a window."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    # --- lists ---------------------------------------------------------------------------------------------------
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return PageChangeList

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        """Fetch for all rows of the page what the list shows besides its own columns; see core.backoffice.columns."""

    # --- writing -------------------------------------------------------------------------------------------------
    def perform(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Call the one service that writes this. `obj` carries the form's values."""
        raise NotImplementedError(f"{type(self).__name__} is read-only")

    def perform_delete(self, request: HttpRequest, obj: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} deletes nothing")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self.perform(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing: the service that perform() called has written what belongs to the object."""

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.perform_delete(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for each in queryset:
            self.perform_delete(request, each)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (RefusableForm, form), {"refusal": getattr(request, _REFUSAL, None)})

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as error:
            # Django's view runs in a transaction, which is rolled back by now.
            setattr(request, _REFUSAL, error)
            return super().changeform_view(request, object_id, form_url, extra_context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        try:
            return super().delete_view(request, object_id, extra_context)
        except DomainError as error:
            messages.error(request, refusal_text(error))
            return HttpResponseRedirect(self.url("change", object_id))

    # --- permissions ---------------------------------------------------------------------------------------------
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.deletable and bool(super().has_delete_permission(request, obj))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        if not self.deletable:
            actions.pop("delete_selected", None)
        return actions

    # --- trail ---------------------------------------------------------------------------------------------------
    # The services write core.audit; Django's own admin log would be a second, poorer one.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """See core.audit."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """See core.audit."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """See core.audit."""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The audit trail of this object."""
        self.require(self.has_view_or_change_permission(request) and request.user.has_perm(AUDIT))
        obj = self.object_or_404(request, object_id)
        query = urlencode({"object_type": self.model._meta.model_name, "object_id": obj.pk, "period": "all"})
        return HttpResponseRedirect(f"{reverse(f'{self.admin_site.name}:core_auditentry_changelist')}?{query}")

    # --- finding -------------------------------------------------------------------------------------------------
    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        # Django sends people to the start page with a message; another brand's id must look like any unknown one.
        raise Http404(_("There is no such thing here."))

    @staticmethod
    def require(allowed: bool) -> None:
        """403 unless allowed: the first line of every page that isn't one of Django's own."""
        if not allowed:
            raise PermissionDenied

    def object_or_404(self, request: HttpRequest, object_id: str) -> Any:
        obj = self.get_object(request, object_id)
        if obj is None:
            raise Http404(_("There is no such thing here."))
        return obj

    def url(self, name: str, *args: Any) -> str:
        """Address of a page of this ModelAdmin: "changelist", "change" with an id, or one of its own names."""
        meta = self.opts
        return reverse(f"{self.admin_site.name}:{meta.app_label}_{meta.model_name}_{name}", args=args)

    def page_context(
        self, request: HttpRequest, *, title: str, obj: Model | None = None, **more: Any
    ) -> dict[str, Any]:
        """What the templates of own pages need besides their own values."""
        request.current_app = self.admin_site.name
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "original": obj,
            "media": self.media,
            **more,
        }


class ReadOnlyAdmin(BrandAdmin):
    """Looked at, never changed: the ledger, events, the audit trail."""

    warn_unsaved_form = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def add_refusal(request: HttpRequest, error: DomainError) -> None:
    """Tell at the top of the next page what was refused."""
    messages.error(request, refusal_text(error))
