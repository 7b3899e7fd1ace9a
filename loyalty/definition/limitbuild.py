"""Limits made ready for judging."""

from __future__ import annotations

from collections.abc import Mapping

from loyalty.definition.compiled import CompiledLimit, LimitKind
from loyalty.definition.limits import (
    BudgetLimit,
    Cooldown,
    EventLimit,
    Limit,
    MemberLimit,
    ValueLimit,
    limit_currency,
)


def limits_build(
    limits: tuple[Limit, ...], owner: str, path: str, currencies: set[str], scales: Mapping[str, int]
) -> tuple[CompiledLimit, ...]:
    """owner: `rule.<code>`, `group.<code>` or `currency.<code>`; path: where the list stands, for the trace."""
    return tuple(_limit(limit, owner, f"{path}[{at}]", currencies, scales) for at, limit in enumerate(limits))


def _limit(limit: Limit, owner: str, path: str, currencies: set[str], scales: Mapping[str, int]) -> CompiledLimit:
    if isinstance(limit, Cooldown):
        return CompiledLimit(
            path=path,
            key=f"cool:{owner}",
            period="lifetime",
            measure="times",
            currency="",
            at_most=limit.seconds,
            reject=True,
            frees=False,
            kind="cooldown",
        )
    period = "event" if isinstance(limit, EventLimit) else limit.period
    currency = "" if limit.measure == "times" else limit_currency(limit, currencies) or ""
    measured = f"points.{currency}" if currency else "times"
    own = isinstance(limit, MemberLimit | ValueLimit) and limit.zone == "member"
    head = "budget" if isinstance(limit, BudgetLimit) else "cap"
    return CompiledLimit(
        path=path,
        key=f"{head}:{owner}:{measured}:{period}{'.own' if own else ''}",
        period=period,
        measure=limit.measure,
        currency=currency,
        at_most=int(limit.at_most * 10 ** scales[currency]) if currency else int(limit.at_most),
        reject=limit.on_excess == "reject",
        frees=not isinstance(limit, EventLimit) and limit.reversal_frees,
        kind=_KINDS[type(limit)],
        own_zone=own,
        attribute=tuple(limit.attribute.split(".")) if isinstance(limit, ValueLimit) else (),
        owner=owner,
    )


_KINDS: Mapping[type[Limit], LimitKind] = {
    EventLimit: "event",
    MemberLimit: "member",
    ValueLimit: "value",
    BudgetLimit: "budget",
}
