"""What is wrong with challenges, stamp cards, streaks, badges and leaderboards: above all, what nobody can reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from loyalty.definition.achievementbuild import achievement_moves, badges_granted, prizes_of
from loyalty.definition.achievements import Achievement, Challenge, Prize, Step, Streak
from loyalty.definition.acteffects import Advance, GrantBadge
from loyalty.definition.conditions import MAX_DEPTH, MAX_NODES, AttributeTest, Condition, condition_size
from loyalty.definition.document import Document
from loyalty.definition.leaderboards import CounterScore, Leaderboard, PointsScore
from loyalty.definition.limits import MemberLimit
from loyalty.definition.partchecks import text_problems, twice_problems
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems, unknown
from loyalty.definition.rule import Rule, Schedule

LISTS = ("challenges", "stamp_cards", "streaks", "badges", "leaderboards")
SIZES = {"challenges": 200, "stamp_cards": 50, "streaks": 50, "badges": 200, "leaderboards": 20}
_MOST_PRIZES, _MOST_STEPS, _MOST_MILESTONES = 10, 30, 30
# How many of the shorter period fit in the longer one, at most.
_FIT = {
    ("day", "week"): 7, ("day", "month"): 31, ("day", "year"): 366, ("week", "month"): 6, ("week", "year"): 54,
    ("month", "year"): 12,
}  # fmt: skip
_LENGTHS = ("day", "week", "month", "year", "lifetime")


def achievements_problems(document: Document, ground: Ground) -> Problems:
    for name in LISTS:
        yield from twice_problems(getattr(document, name), name)
    yield from _codes(document)
    yield from _loops(document)
    for index, challenge in enumerate(document.challenges):
        yield from _challenge(challenge, f"challenges[{index}]", ground)
    for index, card in enumerate(document.stamp_cards):
        yield from _common(card, f"stamp_cards[{index}]", ground)
        yield from _prizes(card.effects, f"stamp_cards[{index}].effects", ground)
        yield from _moved(card, f"stamp_cards[{index}]", document)
    for index, streak in enumerate(document.streaks):
        yield from _streak(streak, f"streaks[{index}]", ground)
    yield from _badges(document)
    for index, board in enumerate(document.leaderboards):
        yield from _board(board, f"leaderboards[{index}]", ground)


def _codes(document: Document) -> Problems:
    """An award and an advance name a rule or an achievement by its code alone."""
    taken = {rule.code: f"rules[{index}]" for index, rule in enumerate(document.rules)}
    for path, part in _paths(document):
        if part.code in taken:
            yield Problem(
                f"{path}.code",
                phrase("%(code)r is %(taken)s's code too.", code=part.code, taken=taken[part.code]),
                phrase("Give it another code."),
            )
        taken.setdefault(part.code, path)


def _paths(document: Document) -> Iterator[tuple[str, Achievement | Step]]:
    for index, challenge in enumerate(document.challenges):
        yield f"challenges[{index}]", challenge
        for at, step in enumerate(challenge.steps):
            yield f"challenges[{index}].steps[{at}]", step
    for index, card in enumerate(document.stamp_cards):
        yield f"stamp_cards[{index}]", card
    for index, streak in enumerate(document.streaks):
        yield f"streaks[{index}]", streak


def _loops(document: Document) -> Problems:
    """Achievements that move each other on in a circle would never come to rest."""
    moves = achievement_moves(document)
    for path, part in _paths(document):
        way = _way_back(part.code, moves)
        if way:
            yield Problem(
                path,
                phrase("It moves itself on: %(names)s.", names=" → ".join(way)),
                phrase("Take one of these advance effects out."),
            )
            return


def _way_back(code: str, moves: dict[str, set[str]]) -> list[str]:
    """The shortest way from an achievement back to itself; empty when there is none."""
    ways: list[list[str]] = [[code]]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        for following in sorted(moves.get(way[-1], ())):
            if following == code:
                return [*way, code]
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return []


def _challenge(challenge: Challenge, path: str, ground: Ground) -> Problems:
    document = ground.document
    yield from _common(challenge, path, ground)
    yield from _schedule(challenge.visible, f"{path}.visible")
    yield from _prizes(challenge.effects, f"{path}.effects", ground)
    yield from _challenge_numbers(challenge, path)
    for index, step in enumerate(challenge.steps):
        here = f"{path}.steps[{index}]"
        yield from text_problems(step.name, f"{here}.name", 120)
        yield from _prizes(step.effects, f"{here}.effects", ground)
        yield from _moved(step, here, document)
        yield from _reachable(step.code, step.goal, challenge.period, f"{here}.goal", document)
    if not challenge.steps:
        yield from _moved(challenge, path, document)
        yield from _reachable(challenge.code, challenge.target, challenge.period, f"{path}.goal", document)
        return
    for where, _ in _advances(challenge.code, document):
        yield Problem(
            where,
            phrase("Challenge %(code)r has steps, which move it on.", code=challenge.code),
            phrase("Name one of its steps: %(names)s.", names=", ".join(each.code for each in challenge.steps)),
        )


def _challenge_numbers(challenge: Challenge, path: str) -> Problems:
    if len(challenge.steps) > _MOST_STEPS:
        yield Problem(
            f"{path}.steps",
            phrase("There are %(n)s.", n=len(challenge.steps)),
            phrase("At most %(most)s.", most=_MOST_STEPS),
        )
    if challenge.steps and challenge.target > len(challenge.steps):
        yield Problem(
            f"{path}.goal",
            phrase(
                "%(target)s steps are asked for and there are %(n)s.", target=challenge.target, n=len(challenge.steps)
            ),
            phrase("Ask for as many as there are or fewer, or leave the goal out for all of them."),
        )
    if challenge.steps and challenge.repeat != 1:
        yield Problem(
            f"{path}.repeat",
            phrase("Steps are done once in a period."),
            phrase("Leave repeat out, or choose a shorter period."),
        )
    if challenge.period == "lifetime" and challenge.steps == () and challenge.target > 10**9:
        yield Problem(f"{path}.goal", phrase("The goal is too far."), phrase("A thousand million at most."))


def _streak(streak: Streak, path: str, ground: Ground) -> Problems:
    yield from _common(streak, path, ground)
    yield from _moved(streak, path, ground.document)
    held = streak.protection
    if held is not None and held.at_start > held.most:
        yield Problem(
            f"{path}.protection.at_start", phrase("More at the start than can be held."), phrase("Say most or fewer.")
        )
    if held is not None and not held.at_start and held.every is None:
        yield Problem(
            f"{path}.protection",
            phrase("Nothing gives protected days."),
            phrase("Say every or at_start, or leave it out."),
        )
    if len(streak.milestones) > _MOST_MILESTONES:
        yield Problem(
            f"{path}.milestones",
            phrase("There are %(n)s.", n=len(streak.milestones)),
            phrase("At most %(most)s.", most=_MOST_MILESTONES),
        )
    seen: set[int] = set()
    for index, milestone in enumerate(streak.milestones):
        here = f"{path}.milestones[{index}]"
        if milestone.at in seen:
            yield Problem(
                f"{here}.at",
                phrase("There is another milestone at %(at)s.", at=milestone.at),
                phrase("Put their effects together."),
            )
        seen.add(milestone.at)
        if not milestone.effects:
            yield Problem(
                f"{here}.effects", phrase("The milestone gives nothing."), phrase("Add an effect, or take it out.")
            )
        yield from _prizes(milestone.effects, f"{here}.effects", ground)


def _common(part: Achievement, path: str, ground: Ground) -> Problems:
    yield from text_problems(part.name, f"{path}.name", 120)
    yield from text_problems(part.description, f"{path}.description", 600, needed=False)
    yield from _schedule(part.schedule, f"{path}.schedule")
    yield from _audience(part.audience, f"{path}.audience", ground)


def _audience(audience: Condition | None, path: str, ground: Ground) -> Problems:
    if audience is None:
        return
    depth, nodes = condition_size(audience)
    if depth > MAX_DEPTH or nodes > MAX_NODES:
        yield Problem(
            path,
            phrase("There are too many conditions."),
            phrase("At most %(depth)s deep and %(nodes)s in number.", depth=MAX_DEPTH, nodes=MAX_NODES),
        )
        return
    yield from audience.problems(path, ground)
    yield from _event_tests(audience, path)


def _event_tests(condition: Condition, path: str) -> Problems:
    """Who sees an achievement must be known without an event."""
    if isinstance(condition, AttributeTest) or type(condition).__name__ == "LineTest":
        yield Problem(
            path,
            phrase("An audience says who, not what happened."),
            phrase(
                "Put conditions of the event in the rule that moves it on; "
                "here name tiers, segments or the member's own."
            ),
        )
    for index, each in enumerate(getattr(condition, "of", ())):
        yield from _event_tests(each, f"{path}.of[{index}]")


def _schedule(schedule: Schedule | None, path: str) -> Problems:
    if schedule is None:
        return
    sides = {}
    for name in ("starts_at", "ends_at"):
        text = getattr(schedule, name)
        if text is None:
            continue
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or not 1970 <= moment.year <= 9000:
            yield Problem(
                f"{path}.{name}",
                phrase("There is no %(what)s.", what=text),
                phrase("Say a date and time, 2027-03-01T00:00."),
            )
        else:
            sides[name] = moment
    if len(sides) == 2 and sides["ends_at"] <= sides["starts_at"]:
        yield Problem(f"{path}.ends_at", phrase("It ends before it starts."), phrase("Let it end after it starts."))


def _prizes(effects: Sequence[Prize], path: str, ground: Ground) -> Problems:
    if len(effects) > _MOST_PRIZES:
        yield Problem(
            path,
            phrase("There are %(n)s effects.", n=len(effects)),
            phrase("At most %(most)s.", most=_MOST_PRIZES),
        )
    for index, effect in enumerate(effects):
        here = f"{path}[{index}]"
        yield from effect.problems(here, ground)
        if isinstance(effect, Advance) and (effect.of is not None or effect.per_minor is not None):
            yield Problem(
                here, phrase("What completing gives is the same each time."), phrase("Say by; leave the rest out.")
            )


def _advances(code: str, document: Document) -> Iterator[tuple[str, Rule | None]]:
    """(path, rule) of every effect that moves the achievement on; None where another achievement does."""
    for at, rule in enumerate(document.rules):
        for index, effect in enumerate(rule.effects):
            if isinstance(effect, Advance) and effect.achievement == code:
                yield f"rules[{at}].effects[{index}]", rule
    for path, part in _paths(document):
        for index, prize in enumerate(prizes_of(part)):
            if isinstance(prize, Advance) and prize.achievement == code:
                yield f"{path}.effects[{index}]", None


def _moved(part: Achievement | Step, path: str, document: Document) -> Problems:
    if not any(rule is None or rule.enabled for _, rule in _advances(part.code, document)):
        yield Problem(
            path,
            phrase("Nobody can get on with it: no enabled rule advances %(code)r.", code=part.code),
            phrase("Add the effect advance with achievement %(code)r to a rule, or take it out.", code=part.code),
            by_another=True,
        )


def _reachable(code: str, goal: int, period: str, path: str, document: Document) -> Problems:
    """How often rules may fire in the period can make a goal that is out of reach."""
    most = 0
    for _, rule in _advances(code, document):
        if rule is None:
            return
        if not rule.enabled:
            continue
        times = _times(rule, period, document)
        steps = [each for each in rule.effects if isinstance(each, Advance) and each.achievement == code]
        if times is None or any(each.of is not None or each.per_minor is not None for each in steps):
            return
        most += times * sum(each.by for each in steps)
    if 0 < most < goal:
        yield Problem(
            path,
            phrase(
                "Nobody can reach %(goal)s: the limits of the rules that advance %(code)r "
                "let %(most)s through in the period.",
                goal=goal,
                code=code,
                most=most,
            ),
            phrase("Lower the goal, choose a longer period, or let the rules fire more often."),
        )


def _times(rule: Rule, period: str, document: Document) -> int | None:
    """How often the rule can fire for a member in the period; None when nothing says."""
    groups = {each.code: each for each in document.cap_groups}
    limits = [*rule.limits, *(limit for code in rule.caps if code in groups for limit in groups[code].limits)]
    found = [
        int(each.at_most) * (1 if _LENGTHS.index(each.period) >= _LENGTHS.index(period) else _FIT[each.period, period])
        for each in limits
        if isinstance(each, MemberLimit)
        and each.measure == "times"
        and each.at_most.is_finite()
        and (_LENGTHS.index(each.period) >= _LENGTHS.index(period) or (each.period, period) in _FIT)
    ]
    return min(found, default=None)


def _badges(document: Document) -> Problems:
    given = badges_granted(document)
    for rule in document.rules:
        if rule.enabled:
            given |= {each.badge for each in rule.effects if isinstance(each, GrantBadge)}
    for index, badge in enumerate(document.badges):
        path = f"badges[{index}]"
        yield from text_problems(badge.name, f"{path}.name", 120)
        yield from text_problems(badge.description, f"{path}.description", 600, needed=False)
        if badge.code not in given:
            yield Problem(
                path,
                phrase("Nobody can get it: no enabled rule and no achievement grants it."),
                phrase("Add the effect grant_badge with badge %(code)r to a rule or an achievement.", code=badge.code),
                by_another=True,
            )


def _board(board: Leaderboard, path: str, ground: Ground) -> Problems:
    yield from text_problems(board.name, f"{path}.name", 120)
    yield from text_problems(board.description, f"{path}.description", 600, needed=False)
    yield from text_problems(board.unit, f"{path}.unit", 40, needed=False)
    yield from _audience(board.audience, f"{path}.audience", ground)
    score = board.score
    if isinstance(score, PointsScore):
        yield from ground.currency_known(score.currency, f"{path}.score.currency")
        given = [each for rule in ground.document.rules if rule.enabled for each in rule.effects]
        given += [each for part in ground.document.achievements for each in prizes_of(part)]
        if score.currency in ground.currencies and not any(
            getattr(each, "currency", None) == score.currency for each in given
        ):
            yield Problem(
                f"{path}.score.currency",
                phrase("Nothing gives %(currency)s.", currency=score.currency),
                phrase("Name points that rules give."),
            )
    elif isinstance(score, CounterScore):
        counters = {each.code for each in ground.document.counters}
        if score.counter not in counters:
            yield unknown(f"{path}.score.counter", phrase("counter"), score.counter, counters)
    else:
        known = {each.code for each in ground.document.achievements}
        if score.achievement not in known:
            yield unknown(f"{path}.score.achievement", phrase("achievement"), score.achievement, known)
