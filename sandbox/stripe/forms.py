"""Stripe's bracketed forms: `items[0][price]=price_1` is {"items": {"0": {"price": "price_1"}}}."""

import re
from typing import Any
from urllib.parse import parse_qsl

Json = dict[str, Any]
KEY = re.compile(r"\[([^\]]*)\]")


def read_form(text: str) -> Json:
    """The nested form. `a[]=1&a[]=2` counts up by itself; the last of two equal names holds."""
    form: Json = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        first, bracket, rest = name.partition("[")
        _put(form, [first, *KEY.findall(bracket + rest)], value)
    return form


def _put(form: Json, path: list[str], value: str) -> None:
    here = form
    for place, name in enumerate(path):
        key = name or str(len(here))
        if place == len(path) - 1:
            here[key] = value
            return
        inner = here.get(key)
        if not isinstance(inner, dict):
            inner = here[key] = {}
        here = inner
