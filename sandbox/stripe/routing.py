"""Which function answers which address. The address' own words (`/v1/customers/{customer}`) are the specification's."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.stripe.account import Account

Json = dict[str, Any]
Answer = Callable[..., Json]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: `method` and `path` as the specification has them."""

    method: str
    path: str
    pattern: re.Pattern[str]
    answer: Answer

    @property
    def operation(self) -> str:
        return f"{self.method} {self.path}"


ROUTES: list[Route] = []


def route(method: str, path: str) -> Callable[[Answer], Answer]:
    """Let the function answer: it gets the account, the parameters and the parts of the path, and returns an object."""
    pattern = re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "$")

    def register(answer: Answer) -> Answer:
        ROUTES.append(Route(method, path, pattern, answer))
        return answer

    return register


def match(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route that answers, and the parts of the path. A word of the path (`/invoices/create_preview`) goes before
    a part."""
    found = [(one, hit) for one in ROUTES if one.method == method and (hit := one.pattern.match(path))]
    if not found:
        return None
    one, hit = min(found, key=lambda pair: len(pair[1].groupdict()))
    return one, hit.groupdict()


def listing(
    account: Account, kind: str, params: Json, path: str, *, where: Callable[[Json], bool] = lambda _: True
) -> Json:
    """A page of a list, newest first, by Stripe's cursors."""
    things = [one for one in account.all(kind) if where(one) and _created_fits(one, params.get("created"))]
    return page(things, params, path)


def page(things: list[Json], params: Json, path: str) -> Json:
    """A page of these things, which stand newest first."""
    limit = int(params.get("limit", 10))
    names = [one["id"] for one in things]
    if after := params.get("starting_after"):
        things = things[names.index(after) + 1 :] if after in names else []
    elif before := params.get("ending_before"):
        things = things[: names.index(before)][-limit:] if before in names else []
    return {"object": "list", "data": things[:limit], "has_more": len(things) > limit, "url": path}


def _created_fits(thing: Json, wanted: Any) -> bool:
    if not isinstance(wanted, dict):
        return wanted is None or thing["created"] == int(wanted)
    created = thing["created"]
    tests = {
        "gt": created.__gt__,
        "gte": created.__ge__,
        "lt": created.__lt__,
        "lte": created.__le__,
    }
    return all(tests[name](int(value)) for name, value in wanted.items() if name in tests)


def expanded(account: Account, thing: Json, paths: list[str]) -> Json:
    """A copy in which the named references are the objects themselves (`latest_invoice.payments`, `data.customer`)."""
    for path in paths:
        thing = _expand(account, thing, path.split("."))
    return thing


def _expand(account: Account, thing: Any, path: list[str]) -> Any:
    if isinstance(thing, list):
        return [_expand(account, one, path) for one in thing]
    if not path or not isinstance(thing, dict):
        return thing
    name, rest = path[0], path[1:]
    value = thing.get(name)
    if isinstance(value, str):
        value = _by_identifier(account, value) or value
    elif isinstance(value, list):
        value = [(_by_identifier(account, one) or one) if isinstance(one, str) else one for one in value]
    return {**thing, name: _expand(account, value, rest)} if value is not None else thing


def _by_identifier(account: Account, identifier: str) -> Json | None:
    return next((found for kind in account.objects.values() if (found := kind.get(identifier))), None)
