"""Places in the admin: made by hand or from a file, and the page for the screen that shows the code."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from claims.models import Place
from claims.places import COLUMNS, place_save, place_secret_renew, places_import
from claims.rotating import STEP_SECONDS, qr_picture, token_of
from core import clock
from core.backoffice.asking import ask_and_do, sent
from core.backoffice.base import BrandAdmin, actor_of, refusal_text
from core.backoffice.forms import DressedForm
from core.backoffice.registry import brand_admin
from core.errors import DomainError
from tenants.context import current_brand
from tenants.links import brand_url

SHOW = "claims.show_place_code"
MAX_FILE = 4 * 1024 * 1024


class PlaceForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in its stubs alone
    tags = forms.CharField(
        label=gettext_lazy("tags"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("With commas between them. Rules can ask for them, as place.tags."),
    )

    class Meta:
        model = Place
        fields = (
            "name", "code", "kind", "address", "latitude", "longitude", "radius_m", "tags", "active", "starts_at",
            "ends_at",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "tags" in self.fields:
            self.initial["tags"] = ", ".join(self.instance.tags)

    def clean_tags(self) -> list[str]:
        given = str(self.cleaned_data["tags"])
        return [each.strip() for each in given.split(",") if each.strip()]


class PlacesFileForm(DressedForm):
    file = forms.FileField(label=gettext_lazy("File"), help_text=gettext_lazy("CSV, UTF-8, 4 MB at most."))


@brand_admin(Place)
class PlaceAdmin(BrandAdmin):
    form = PlaceForm
    list_display = ("name", "code", "kind_shown", "address", "radius_m", "open")
    list_filter = ("active", "kind")
    search_fields = ("name", "code", "address")
    ordering = ("name", "id")
    change_form_template = "admin/claims/place.html"
    change_list_template = "admin/claims/places.html"
    fieldsets = (
        (None, {"fields": (("name", "code"), ("kind", "address"), "tags")}),
        (
            gettext_lazy("Where"),
            {
                "fields": (("latitude", "longitude", "radius_m"),),
                "description": gettext_lazy(
                    "In degrees, such as 52.090700 and 5.121400. Whoever is within the radius is there."
                ),
            },
        ),
        (gettext_lazy("When"), {"fields": ("active", "starts_at", "ends_at")}),
    )

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    @display(description=gettext_lazy("kind"), ordering="kind")
    def kind_shown(self, place: Place) -> str:
        return place.get_kind_display()

    @display(description=gettext_lazy("open"), ordering="active", label={"yes": "success", "no": "warning"})
    def open(self, place: Place) -> tuple[str, str]:
        return ("yes", _("yes")) if place.active else ("no", _("no"))

    def perform(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        saved = place_save(
            place=Place.objects.get(pk=obj.pk) if change else None, fields=form.cleaned_data, actor=actor_of(request)
        )
        obj.pk = saved.pk

    # --- pages of its own ----------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        own = (
            ("import/", self.import_view, "import"),
            ("<path:object_id>/screen/", self.screen_view, "screen"),
            ("<path:object_id>/renew/", self.renew_view, "renew"),
        )
        pages = [
            path(route, self.admin_site.admin_view(view), name=f"claims_place_{name}") for route, view, name in own
        ]
        return [*pages, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        may = {
            "may_show": request.user.has_perm(SHOW),
            "may_renew": self.has_change_permission(request),
        }
        return super().change_view(request, object_id, form_url, {**may, **(extra_context or {})})

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(
            request, {"may_import": self.has_add_permission(request), **(extra_context or {})}
        )  # fmt: skip

    def screen_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The code as it is now. The page asks for itself again before the code is old, without a script."""
        place = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(SHOW))
        brand = current_brand()
        assert brand is not None
        now = clock.now()
        address = brand_url(brand, f"/check-in/{token_of(place, now)}/")
        picture = qr_picture(address)
        left = STEP_SECONDS - int(now.timestamp()) % STEP_SECONDS
        context = {"place": place, "picture": picture, "brand": brand}
        response = TemplateResponse(request, "admin/claims/screen.html", context)
        response["Refresh"] = str(left + 1)
        response["Cache-Control"] = "private, no-store"
        return response

    def renew_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A new secret, for when the old one may be known."""
        place = self.object_or_404(request, object_id)
        self.require(self.has_change_permission(request, place))

        def act(given: dict[str, Any]) -> str:
            place_secret_renew(place=place, actor=actor_of(request))
            return _("The place has a new code. Open its screen again.")

        intro = _("Every code that was shown so far stops working. Do this when somebody may have copied the screen.")
        return ask_and_do(
            self, request, DressedForm(sent(request)), act, title=_("A new code for %(place)s") % {"place": place},
            intro=intro, submit=_("Make a new code"), danger=True, obj=place, back=self.url("change", place.pk),
        )  # fmt: skip

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Many at once, matched by their code; says what became of each line that wasn't taken."""
        self.require(self.has_add_permission(request) and self.has_change_permission(request))
        form = PlacesFileForm(request.POST or None, request.FILES or None)
        report = None
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                if file.size > MAX_FILE:
                    form.add_error("file", _("The file is larger than %(n)d MB.") % {"n": MAX_FILE // 1024**2})
                else:
                    report = places_import(text=file.read().decode("utf-8-sig"), actor=actor_of(request))
            except UnicodeDecodeError:
                form.add_error("file", _("Save the file as UTF-8."))
            except DomainError as error:
                form.add_error("file", refusal_text(error))
        context = self.page_context(
            request,
            title=_("Import places"),
            intro=_("A first line with the columns: %(names)s. A place whose code is known is changed.")
            % {"names": ", ".join(COLUMNS)},
            form=PlacesFileForm() if report else form,
            report=report,
            submit=_("Import"),
            cancel_url=self.url("changelist"),
        )
        return TemplateResponse(request, "admin/claims/places_import.html", context)
