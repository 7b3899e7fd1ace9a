"""Parts of programs that are drawn at random: how tiers are counted, what is worked towards, counted, and limited."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Part = dict[str, Any]
PERIODS = ("day", "week", "month", "year", "lifetime")
few = st.integers(1, 4)


def fixed(currency: str, points: int) -> Part:
    return {"kind": "points_fixed", "currency": currency, "points": points}


prizes = st.builds(lambda code, points: [fixed(code, points)], st.sampled_from(["points", "miles"]), st.integers(1, 90))

# --- points ----------------------------------------------------------------------------------------------------------
expiries = st.one_of(
    st.just({"kind": "never"}),
    st.builds(lambda n: {"kind": "after", "n": n, "unit": "days"}, st.integers(1, 90)),
    st.builds(
        lambda n, rounded: {"kind": "after", "n": n, "unit": "months", "round_up": rounded},
        st.integers(1, 14),
        st.sampled_from(["none", "month", "quarter", "half_year", "year"]),
    ),
    st.builds(
        lambda months, resets: {"kind": "inactivity", "months": months, "resets": resets},
        st.integers(1, 6),
        st.sampled_from([["order.paid"], ["review.posted"], ["order.paid", "review.posted"]]),
    ),
    st.builds(lambda days: {"kind": "fixed", "dates": ["06-30", "12-31"], "at_least_days": days}, st.integers(0, 90)),
)
waits = st.one_of(
    st.just({}),
    st.just({}),
    st.builds(lambda days: {"pending_days": days}, st.sampled_from([1, 3, 14])),
    st.builds(
        lambda days, then: {
            "release": {"kind": "until_event", "type": "order.delivered", "at_most_days": days, "then": then}
        },
        st.integers(1, 60),
        st.sampled_from(["release", "drop"]),
    ),
)

# --- limits ----------------------------------------------------------------------------------------------------------
_points_limits = st.one_of(
    st.builds(lambda most: {"per": "event", "at_most": most}, st.integers(1, 300)),
    st.builds(
        lambda per, period, most, frees, excess: {
            **per, "period": period, "at_most": most, "reversal_frees": frees, "on_excess": excess
        },
        st.sampled_from(
            [{"per": "member"}, {"per": "member_value", "attribute": "order.channel"}, {"per": "budget"}]
        ),
        st.sampled_from(PERIODS),
        st.integers(1, 600),
        st.booleans(),
        st.sampled_from(["truncate", "reject"]),
    ),
)  # fmt: skip
_times_limits = st.one_of(
    st.builds(
        lambda per, most: {**per, "period": "month", "measure": "times", "at_most": most},
        st.sampled_from([{"per": "member"}, {"per": "budget"}]),
        st.integers(1, 3),
    ),
    st.builds(
        lambda n, unit: {"per": "cooldown", "n": n, "unit": unit},
        st.integers(1, 30),
        st.sampled_from(["minutes", "hours", "days"]),
    ),
)
limits = st.one_of(
    st.just([]),
    st.just([]),
    _points_limits.map(lambda one: [one]),
    _times_limits.map(lambda one: [one]),
    st.tuples(_points_limits, _times_limits).map(list),
)

# --- counters --------------------------------------------------------------------------------------------------------
COUNTERS: list[Part] = [
    {"code": "orders", "name": "Orders", "trigger": "order.paid"},
    {"code": "days", "name": "Days", "trigger": "order.paid", "measure": {"kind": "distinct_days"}},
    {
        "code": "cents", "name": "Cents", "trigger": "order.paid",
        "measure": {"kind": "sum", "path": "order.total_minor"},
    },
    {
        "code": "big", "name": "Big", "trigger": "order.paid",
        "when": {"kind": "attribute", "path": "order.total_minor", "operator": "ge", "value": 20_000},
    },
    {"code": "reviews", "name": "Reviews", "trigger": "review.posted"},
]  # fmt: skip
counter_conditions = st.builds(
    lambda code, period, operator, value: {
        "kind": "counter", "counter": code, "period": period, "operator": operator, "value": value
    },
    st.sampled_from(["orders", "days", "big", "reviews"]),
    st.sampled_from(PERIODS),
    st.sampled_from(["eq", "ge", "le", "every"]),
    st.integers(2, 4),
)  # fmt: skip
conditions = st.one_of(
    st.none(),
    st.none(),
    st.builds(
        lambda least: {"kind": "attribute", "path": "order.total_minor", "operator": "ge", "value": least},
        st.integers(0, 40_000),
    ),
    st.just({"kind": "tier", "ladder": "main", "any_of": ["silver", "gold"]}),
    st.just({"kind": "time", "weekdays": ["mon", "wed", "sat"], "from_hour": "18:00", "to_hour": "06:00"}),
    counter_conditions,
)

# --- ladders ---------------------------------------------------------------------------------------------------------
_rolling = st.builds(lambda months: {"kind": "rolling", "months": months}, st.integers(1, 12))
_windows = st.sampled_from(
    [
        {"kind": "calendar_year"}, {"kind": "calendar_year", "start_month": 7}, {"kind": "month"}, {"kind": "quarter"},
        {"kind": "anniversary"}, {"kind": "anniversary", "of": "enrollment"},
    ]
)  # fmt: skip
_held_on = st.builds(
    lambda months: {"valid": "after_months", "valid_months": months} if months else {"valid": "while_qualifying"},
    st.integers(0, 6),
)
windows = st.one_of(
    st.builds(
        lambda window, valid, upgrade: {"window": window, "valid": valid, "upgrade": upgrade},
        _windows,
        st.sampled_from(["end_of_window", "end_of_next_window"]),
        st.sampled_from(["at_once", "at_once", "next_window"]),
    ),
    st.builds(lambda window, held: {"window": window, **held}, _rolling, _held_on),
    st.builds(lambda held: {"window": {"kind": "lifetime"}, **held}, _held_on),
)
_one: dict[str, Part] = {"points": {"kind": "points_earned", "currency": "points"}, "money": {"kind": "money_spent"}}
_qualifies: st.SearchStrategy[Part] = st.sampled_from(
    [
        _one["points"], _one["points"], _one["points"], {"kind": "points_earned", "currency": "miles"}, _one["money"],
        {"kind": "counter", "counter": "orders"}, {"kind": "any_of", "of": list(_one.values())},
        {"kind": "all_of", "of": list(_one.values())},
    ]
)  # fmt: skip


@st.composite
def ladders(draw: st.DrawFn, code: str = "main") -> Part:
    qualify = draw(_qualifies)
    most = 6 if qualify["kind"] == "counter" else 1500
    low, high = sorted(draw(st.sets(st.integers(1, most), min_size=2, max_size=2)))
    several = qualify["kind"] in ("any_of", "all_of")
    tiers: list[Part] = [{"code": "bronze", "name": "Bronze"}]
    for tier, least in (("silver", low), ("gold", high)):
        needs = {"thresholds": [least, least + 5]} if several else {"threshold": least}
        entry = {"entry_effects": draw(prizes)} if draw(st.integers(0, 4)) == 0 else {}
        tiers.append({"code": tier, "name": tier, **needs, **entry})
    return {
        "code": code,
        "name": code,
        "qualify": qualify,
        **draw(windows),
        "downgrade": draw(st.sampled_from(["none", "one_step", "full"])),
        "grace_days": draw(st.sampled_from([0, 0, 1, 40])),
        "skipped_tiers_pay": draw(st.booleans()),
        "tiers": tiers,
    }


# --- achievements ----------------------------------------------------------------------------------------------------
zones = st.sampled_from(["program", "member"])


@st.composite
def challenges(draw: st.DrawFn) -> Part:
    return {
        "code": "goal",
        "name": "Goal",
        "goal": draw(st.integers(1, 5)),
        "period": draw(st.sampled_from(PERIODS)),
        "repeat": draw(st.sampled_from([1, 2, None])),
        "zone": draw(zones),
        "effects": [*draw(prizes), *([{"kind": "grant_badge", "badge": "shown"}] if draw(st.booleans()) else [])],
    }


@st.composite
def stepped(draw: st.DrawFn) -> Part:
    steps = [{"code": f"step_{at}", "name": f"Step {at}", "goal": draw(st.integers(1, 2))} for at in range(2)]
    steps[0]["effects"] = draw(prizes)
    return {
        "code": "tour",
        "name": "Tour",
        "steps": steps,
        "period": draw(st.sampled_from(PERIODS)),
        "effects": draw(prizes),
    }


@st.composite
def cards(draw: st.DrawFn) -> Part:
    return {
        "code": "card",
        "name": "Card",
        "stamps": draw(st.integers(1, 5)),
        "keep_overflow": draw(st.booleans()),
        "per_day": draw(st.sampled_from([None, None, 1, 2])),
        "valid_months": draw(st.sampled_from([None, None, 1, 3])),
        "zone": draw(zones),
        "effects": draw(prizes),
    }


@st.composite
def streaks(draw: st.DrawFn) -> Part:
    held: Part = {"most": 2, "every": draw(st.sampled_from([2, 3, None])), "at_start": draw(st.integers(1, 2))}
    marks: set[int] = draw(st.sets(st.integers(1, 4), min_size=1, max_size=2))
    return {
        "code": "row",
        "name": "Row",
        "unit": draw(st.sampled_from(["day", "week", "month"])),
        "zone": draw(zones),
        "protection": draw(st.sampled_from([None, held])),
        "milestones": [{"at": at, "repeat": draw(st.booleans()), "effects": draw(prizes)} for at in sorted(marks)],
    }


def advance(code: str, trigger: str, **how: Any) -> Part:
    """A rule of its own that moves this on."""
    return {
        "code": f"to_{code}",
        "name": f"To {code}",
        "trigger": trigger,
        "group": f"to_{code}",
        "effects": [{"kind": "advance", "achievement": code, **how}],
    }


@st.composite
def achievements(draw: st.DrawFn) -> Part:
    """Lists of the document, and under `rules` what moves members on in them."""
    found: Part = {"challenges": [], "stamp_cards": [], "streaks": [], "badges": [], "leaderboards": [], "rules": []}
    triggers = st.sampled_from(["order.paid", "order.paid", "review.posted"])
    hows = st.sampled_from([{}, {}, {"by": 2}])
    if draw(st.booleans()):
        made = draw(challenges())
        found["challenges"].append(made)
        if any(each["kind"] == "grant_badge" for each in made["effects"]):
            found["badges"].append({"code": "shown", "name": "Shown"})
        money = {"per_minor": 10_000}
        trigger = draw(triggers)
        found["rules"].append(
            advance("goal", trigger, **draw(hows if trigger != "order.paid" else st.just(money) | hows))
        )
    if draw(st.integers(0, 3)) == 0:
        made = draw(stepped())
        found["challenges"].append(made)
        found["rules"] += [advance(each["code"], draw(triggers)) for each in made["steps"]]
    if draw(st.booleans()):
        found["stamp_cards"].append(draw(cards()))
        trigger = draw(triggers)
        found["rules"].append(advance("card", trigger, **draw(hows)))
    if draw(st.booleans()):
        found["streaks"].append(draw(streaks()))
        found["rules"].append(advance("row", draw(triggers)))
    if draw(st.integers(0, 3)) == 0:
        score = draw(
            st.sampled_from([{"kind": "points", "currency": "points"}, {"kind": "counter", "counter": "orders"}])
        )
        found["leaderboards"].append(
            {"code": "top", "name": "Top", "score": score, "period": draw(st.sampled_from(PERIODS[1:]))}
        )
    return found


# --- effects ---------------------------------------------------------------------------------------------------------
def per_money(currency: str, points: int, minor: int, rounding: str, **more: Any) -> Part:
    kind = {"kind": "points_per_money", "currency": currency}
    return {**kind, "points": points, "per_minor": minor, "rounding": rounding, **more}


effects = st.one_of(
    st.builds(
        per_money,
        st.sampled_from(["points", "points", "miles"]),
        st.integers(1, 3),
        st.sampled_from([50, 100, 333]),
        st.sampled_from(["floor", "half_up"]),
        scope=st.sampled_from(["order", "line"]),
    ),
    st.builds(fixed, st.sampled_from(["points", "miles"]), st.integers(1, 200)),
    st.builds(
        lambda points, per: {"kind": "points_per_unit", "currency": "points", "points": points, "per": per},
        st.integers(1, 30),
        st.integers(1, 3),
    ),
    st.builds(
        lambda factor: {"kind": "multiply", "currency": "points", "factor": factor}, st.sampled_from(["1.5", "2", "3"])
    ),
)
