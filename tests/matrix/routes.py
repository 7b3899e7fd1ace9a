"""The addresses as the URL resolvers have them, and what urls.yaml says about each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from django.urls import URLPattern, URLResolver

FILE = Path(__file__).with_name("urls.yaml")
CONFS = {"brand": "config.urls_brand", "operator": "config.urls_operator", "platform": "config.urls_platform"}
KINDS = ("public", "member", "staff", "api", "operator", "platform", "sandbox")
# What Django's admin makes for each model, with the methods that are tried.
ADMIN_PAGES = {
    "changelist": ("", "GET POST"),
    "add": ("add/", "GET POST"),
    "change": ("<path:object_id>/change/", "GET POST"),
    "delete": ("<path:object_id>/delete/", "GET POST"),
    "history": ("<path:object_id>/history/", "GET"),
    "short": ("<path:object_id>/", "GET"),
}
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^()]*(?:\([^()]*\)[^()]*)*\)")


@dataclass(frozen=True)
class Line:
    """One route's line in urls.yaml. See the head of that file."""

    conf: str
    route: str
    name: str
    kind: str
    methods: tuple[str, ...]
    path: dict[str, str]
    send: dict[str, Any]
    says: dict[str, Any]

    def address(self, cast: dict[str, str]) -> str:
        """The path, with the parameters taken from the cast; a value that begins with = stands for itself."""

        def value(match: re.Match[str]) -> str:
            wanted = self.path[match[1] or match[2]]
            return wanted[1:] if wanted.startswith("=") else cast[wanted]

        plain = PARAMETER.sub(value, self.route)
        return "/" + plain.replace("^", "").replace("$", "")

    def body(self, method: str, cast: dict[str, str]) -> Any:
        return _filled(self.send.get(method, {}), cast)

    def says_of(self, who: str, method: str) -> str | None:
        """What the line itself expects of somebody: for all methods or for this one."""
        said = self.says.get(who)
        return said.get(method) if isinstance(said, dict) else said

    def names_objects(self, method: str) -> bool:
        """Whether the address, or what is sent, names something of the brand."""
        return any(not each.startswith("=") for each in self.path.values()) or "'{" in str(self.send.get(method))

    @property
    def id(self) -> str:
        return f"{self.conf}:/{self.route}"


def _filled(given: Any, cast: dict[str, str]) -> Any:
    if isinstance(given, dict):
        return {name: _filled(value, cast) for name, value in given.items()}
    if isinstance(given, list):
        return [_filled(value, cast) for value in given]
    return given.format_map(cast) if isinstance(given, str) else given


def resolved(conf: str) -> dict[str, str]:
    """Route → name of its pattern, as the resolver of a URLconf has them."""
    return dict(_walk(import_module(CONFS[conf]).urlpatterns, ""))


def _walk(patterns: list[Any], before: str) -> Iterator[tuple[str, str]]:
    for each in patterns:
        here = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _walk(list(each.url_patterns), here)
        elif isinstance(each, URLPattern):
            yield here, each.name or ""


def addresses() -> list[tuple[str, str, str]]:
    """(conf, route, name) of every address there is. The operator's host has a brand's and its own."""
    brand, operator, platform = (resolved(conf) for conf in CONFS)
    own = {route: name for route, name in operator.items() if route not in brand}
    return [
        *(("brand", route, name) for route, name in brand.items()),
        *(("operator", route, name) for route, name in own.items()),
        *(("platform", route, name) for route, name in platform.items()),
    ]


def table() -> dict[str, dict[str, dict[str, Any]]]:
    """urls.yaml: conf → route → what it says, the models of the admin sites written out."""
    loaded: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
    found: dict[str, dict[str, Any]] = {conf: dict(loaded[conf]["routes"]) for conf in CONFS}
    for conf, root, kind in (("brand", "admin", "staff"), ("operator", "platform", "operator")):
        for model, row in loaded[conf]["models"].items():
            for page, (tail, methods) in ADMIN_PAGES.items():
                path = {"object_id": row["object"]} if "<" in tail else {}
                # The short address leads to change without looking; change then has nothing.
                says = row.get(page, {"foreign": "in"} if page == "short" else {})
                route = f"{root}/{model.replace('.', '/')}/{tail}"
                found[conf][route] = {"kind": kind, "methods": methods, "path": path, **says}
    return found


def lines() -> list[Line]:
    """Every address that the table knows, with what it says."""
    known = table()
    return [
        _line(conf, route, name, dict(known[conf][route])) for conf, route, name in addresses() if route in known[conf]
    ]


def _line(conf: str, route: str, name: str, row: dict[str, Any]) -> Line:
    return Line(
        conf=conf,
        route=route,
        name=name,
        kind=row.pop("kind"),
        methods=tuple(str(row.pop("methods", "GET")).split()),
        path={name: str(value) for name, value in row.pop("path", {}).items()},
        send=row.pop("send", {}),
        says=row,
    )


def unclassified() -> list[str]:
    """For each address that urls.yaml doesn't know: its name, and the line to add."""
    known = table()
    return [
        f"{conf}: /{route} ({name or 'no name'}) is in no class. Add to urls.yaml, under {conf}.routes:\n    "
        f"{_quoted(route)}: {{kind: {'|'.join(KINDS)}, methods: GET{_parameters(route)}}}"
        for conf, route, name in addresses()
        if route not in known[conf]
    ]


def stale() -> list[str]:
    """Lines whose address is gone."""
    there = {(conf, route) for conf, route, _name in addresses()}
    return [f"{conf}: /{route}" for conf, rows in table().items() for route in rows if (conf, route) not in there]


def _quoted(route: str) -> str:
    return f"'{route}'"


def _parameters(route: str) -> str:
    names = [first or second for first, second in PARAMETER.findall(route)]
    return ", path: {" + ", ".join(f"{name}: OBJECT" for name in names) + "}" if names else ""
