"""A page that asks something and then does it: why, how much, or only whether one is sure.

GET shows the form. POST calls one service: what that refuses stands beside the field that it is about, with nothing
changed; what it did is told on the page that one goes back to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse

from core.backoffice.base import BrandAdmin, refusal_text
from core.errors import DomainError

Act = Callable[[dict[str, Any]], str | HttpResponse]
PAGE = "admin/backoffice/form_page.html"


def sent(request: HttpRequest) -> QueryDict | None:
    """What to bind the form to: a form without fields is sent all the same, with nothing in it."""
    return request.POST if request.method == "POST" else None


def ask_and_do(
    admin: BrandAdmin,
    request: HttpRequest,
    form: forms.Form,
    act: Act,
    *,
    title: str,
    back: str,
    obj: Model | None = None,
    intro: str = "",
    submit: str | None = None,
    danger: bool = False,
    places: Mapping[str, str] | None = None,
) -> HttpResponse:
    """act: calls the service with what was given and says what came of it, or leads somewhere else than back.
    submit: the button, the title where it has no words of its own; empty where there is nothing to do.
    places: the form's name of a field by the service's, where they differ."""
    if form.is_valid():
        try:
            done = act(form.cleaned_data)
        except DomainError as error:
            refuse(form, error, places)
        else:
            if isinstance(done, HttpResponse):
                return done
            messages.success(request, done)
            return HttpResponseRedirect(back)
    context = admin.page_context(
        request,
        title=title,
        obj=obj,
        intro=intro,
        form=form,
        submit=title if submit is None else submit,
        danger=danger,
        cancel_url=back,
    )
    return TemplateResponse(request, PAGE, context)


def refuse(form: forms.Form, error: DomainError, places: Mapping[str, str] | None = None) -> None:
    """Beside its field; above the form where it is about none of them."""
    field = (places or {}).get(error.field or "", error.field)
    shown = field in form.fields and not form.fields[field].widget.is_hidden
    form.add_error(field if shown else None, refusal_text(error))
