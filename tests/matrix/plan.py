"""What is called, by whom, from where, and what each call must be answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

from tenants.models import Brand
from tests.matrix.calls import Call, Caller
from tests.matrix.pair import Side
from tests.matrix.routes import Line, resolved

STAFF = ("owner", "marketer", "support", "analyst")
EVERYBODY = ("anonymous", "member", *STAFF, "operator", "key")
RIGHT = {"public": "member", "member": "member", "staff": "owner", "api": "key", "sandbox": "member"}
UNKNOWN = "nobody.localhost"


@dataclass
class Stage:
    """Both sides, the operator, and the folder where files may be."""

    amber: Side
    basalt: Side
    operator: Brand
    operator_session: str
    folder: Path
    caller: Caller

    @property
    def operator_host(self) -> str:
        return f"{self.operator.slug}{settings.BRAND_HOST_SUFFIX}"

    def session_of(self, who: str, side: Side) -> str | None:
        return self.operator_session if who == "operator" else side.cookies.get(who)


# --- what is expected ------------------------------------------------------------------------------------------------
@cache
def admin_roles() -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = yaml.safe_load(Path(__file__).with_name("admin_roles.yaml").read_text("utf-8"))
    return loaded


def expected(line: Line, who: str, method: str) -> str:
    """The class of answer that somebody gets on the own host."""
    group = "staff" if who in STAFF else who
    said = line.says_of(who, method) or line.says_of(group, method) or line.says_of("anybody", method)
    if said is not None and not (line.kind == "staff" and who in STAFF and line.name in admin_roles()):
        return said
    match line.kind:
        case "public" | "platform" | "sandbox":
            return "in"
        case "member":
            return "login" if who in ("anonymous", "operator", "key") else "in"
        case "api":
            return "in" if who == "key" else "unauthenticated"
        case "operator":
            return "in" if who == "operator" else "login"
    return _expected_of_staff(line, who, method)


def _expected_of_staff(line: Line, who: str, method: str) -> str:
    if who not in STAFF:
        return "login"
    row = admin_roles().get(line.name)
    if row is None:
        return "in"
    said = dict(part.split() for part in row[who].split(", "))
    return "in" if said["get" if method == "GET" else "post"] == "yes" else "forbidden"


# --- what is called --------------------------------------------------------------------------------------------------
Segment = tuple[set[str], Sequence[tuple[Call, str | None]]]


def segments(stage: Stage, line: Line, method: str) -> Iterator[Segment]:
    """Calls by the host they go to, with the schemas that may change there and the class that each must get."""
    match line.conf:
        case "brand":
            yield from _of_a_brand(stage, line, method)
        case "operator":
            yield from _of_the_operator(stage, line, method)
        case _:
            yield from _of_the_platform(stage, line, method)


def _of_a_brand(stage: Stage, line: Line, method: str) -> Iterator[Segment]:
    amber, basalt, right = stage.amber, stage.basalt, RIGHT[line.kind]

    def call(who: str, why: str, *, at: Side = amber, by: Side = amber, cast: Any = None, claim: str = "") -> Call:
        other = basalt if at is amber else amber
        cast = at.one if cast is None else cast
        return Call(
            method=method, address=line.address(cast), host=at.host, brand=at.brand, who=who, why=why, forwarded=claim,
            forbidden=(other.secret, other.place, "zqoperator", "zqnobody"), body=line.body(method, cast),
            session=stage.session_of(who, by), key=by.api_key if who == "key" else None,
        )  # fmt: skip

    own = [(call(who, "own host"), expected(line, who, method)) for who in EVERYBODY]
    yield {amber.brand.schema_name}, own
    stranger = expected(line, "anonymous", method)
    yield (
        {basalt.brand.schema_name},
        [
            (call(right, "the other's own", at=basalt, by=basalt), expected(line, right, method)),
            *((call(who, "foreign host", at=basalt), stranger) for who in EVERYBODY),
            (call("member", "both claimed", at=basalt, claim=amber.host), stranger),
        ],
    )
    again = [(call(right, "forged host", claim=basalt.host), expected(line, right, method))]
    if line.names_objects(method):
        foreign = line.says_of("foreign", method) or "missing"
        for who in EVERYBODY:
            usual = expected(line, who, method)
            # Who may not is refused before it is looked for, or after; staff without a card see that they have none.
            strict = usual == "in" and (line.kind != "member" or who == right)
            again.append((call(who, "foreign object", cast=basalt.two), foreign if strict else f"{usual} {foreign}"))
    yield {amber.brand.schema_name}, again
    public = None if line.route in resolved("platform") else "missing"
    yield {"public"}, [(_moved(stage, call(right, "public host"), settings.PLATFORM_HOST), public)]
    yield set(), [(_moved(stage, call(right, "unknown host", claim=amber.host), UNKNOWN), "missing")]


def _of_the_operator(stage: Stage, line: Line, method: str) -> Iterator[Segment]:
    amber, basalt = stage.amber, stage.basalt

    def call(who: str, why: str, *, claim: str = "") -> Call:
        return Call(
            method=method, address=line.address(amber.one), host=stage.operator_host, brand=stage.operator, who=who,
            why=why, forwarded=claim, forbidden=(amber.secret, basalt.secret, "zqnobody"),
            body=line.body(method, amber.one), session=stage.session_of(who, amber),
            key=amber.api_key if who == "key" else None,
        )  # fmt: skip

    own = [(call(who, "own host"), expected(line, who, method)) for who in EVERYBODY]
    own.append((call("operator", "forged host", claim=amber.host), expected(line, "operator", method)))
    yield {stage.operator.schema_name, "public"}, own
    for side, other in ((amber, basalt), (basalt, amber)):
        words = (other.secret, other.place, "zqoperator")
        tried = [call("operator", "foreign host"), call("owner", "a brand's owner")]
        moved = [_moved(stage, each, side.host, side.brand, words) for each in tried]
        yield {side.brand.schema_name}, [(each, "missing") for each in moved]
    yield {"public"}, [(_moved(stage, call("operator", "public host"), settings.PLATFORM_HOST), "missing")]
    yield set(), [(_moved(stage, call("operator", "unknown", claim=stage.operator_host), UNKNOWN), "missing")]


def _of_the_platform(stage: Stage, line: Line, method: str) -> Iterator[Segment]:
    def call(side: Side, who: str, why: str, claim: str = "") -> Call:
        other = stage.basalt if side is stage.amber else stage.amber
        # On one's own machine the first page lists the brands.
        places = () if line.route == "" and settings.SANDBOX else (other.place,)
        return Call(
            method=method, address=line.address(side.one), host=settings.PLATFORM_HOST, brand=None, who=who, why=why,
            forwarded=claim, forbidden=(side.secret, other.secret, "zqoperator", *places),
            body=line.body(method, side.one), session=stage.session_of(who, side),
            key=side.api_key if who == "key" else None,
        )  # fmt: skip

    wanted = expected(line, "anonymous", method)
    tried = [(side, who) for side in (stage.amber, stage.basalt) for who in ("anonymous", "owner", "operator", "key")]
    own = [(call(side, who, "own host"), wanted) for side, who in tried]
    yield {"public"}, [*own, (call(stage.amber, "owner", "forged host", stage.amber.host), wanted)]
    if line.route not in resolved("brand"):
        amber = stage.amber
        words = (stage.basalt.secret, stage.basalt.place, "zqoperator")
        moved = _moved(stage, call(amber, "owner", "a brand's host"), amber.host, amber.brand, words)
        yield {amber.brand.schema_name}, [(moved, "missing")]
    yield set(), [(_moved(stage, call(stage.amber, "owner", "unknown", stage.amber.host), UNKNOWN), "missing")]


def _moved(
    stage: Stage, call: Call, host: str, brand: Brand | None = None, words: tuple[str, ...] | None = None
) -> Call:
    """The same call to another host. Where no brand is, no brand's word may be."""
    sides = (stage.amber, stage.basalt)
    places = () if host == settings.PLATFORM_HOST and call.address == "/" else tuple(side.place for side in sides)
    nobody = (*(side.secret for side in sides), *places, "zqoperator")
    return Call(**{**vars(call), "host": host, "brand": brand, "forbidden": nobody if words is None else words})


def unlisted(stage: Stage, line: Line) -> Iterator[Segment]:
    """A method that nobody asked for, as whoever may most: whatever it answers, it breaks and tells nothing."""
    for _schemas, calls in segments(stage, line, "GET"):
        for call, _want in calls:
            if call.who == RIGHT.get(line.kind, "operator"):
                schemas = {stage.amber.brand.schema_name, stage.operator.schema_name, "public"}
                yield schemas, [(Call(**{**vars(call), "method": "DELETE"}), None)]
                return
