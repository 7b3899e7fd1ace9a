"""Columns whose values are fetched for a whole page of a list at once, never row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.utils.translation import gettext as _
from unfold.views import ChangeList

from core.backoffice.begunby import begun_by

# Rows of one page → value by primary key.
Fetch = Callable[[Sequence[Any]], Mapping[Any, Any]]


class PageChangeList(ChangeList):  # type: ignore[misc]  # its base has no types
    """Hands the rows of the page to the ModelAdmin's prepare_page() before they are shown."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.__dict__["result_list"])
        self.result_list = rows
        self.model_admin.prepare_page(request, rows)


def attach(rows: Sequence[Any], name: str, fetch: Fetch) -> None:
    """Put fetch()'s value on each row as `row._page[name]`."""
    found = fetch(rows) if rows else {}
    for row in rows:
        row.__dict__.setdefault("_page", {})[name] = found.get(row.pk)


def attached(row: Any, name: str) -> Any:
    """The value that attach() put on the row; None when there is none."""
    return row.__dict__.get("_page", {}).get(name)


def actor_names(actors: Iterable[str]) -> dict[str, str]:
    """Who each is: a person's e-mail, for those that still exist; a key of the API, a member, the product itself."""
    actors = list(actors)
    keys = {actor.partition(":")[2]: actor for actor in actors if actor.startswith("user:")}
    numbers = [int(key) for key in keys if key.isdigit()]
    found = get_user_model().objects.filter(pk__in=numbers).values_list("pk", "email") if numbers else ()
    return {f"user:{pk}": email for pk, email in found} | {
        actor: words for actor in actors if (words := _other_words(actor))
    }


def _other_words(actor: str) -> str:
    """Whoever is no person of the team, in words; nothing for who is."""
    kind, _colon, key = actor.partition(":")
    if kind == "api":
        return _("API key %(key)s") % {"key": key}
    return begun_by(kind) if kind in ("system", "member") else ""


def attach_actor_names(rows: Sequence[Any]) -> None:
    """For rows with an `actor`: who that is, as `row._page["who"]`."""
    names = actor_names(row.actor for row in rows)
    attach(rows, "who", lambda page: {row.pk: names.get(row.actor, row.actor) for row in page})
