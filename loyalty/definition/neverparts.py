"""Further conditions that exclude each other: of a line, of a counter, and what is asked for and ruled out at once."""

from __future__ import annotations

from loyalty.definition.comparison import Operator
from loyalty.definition.conditions import Condition, CounterTest, LineTest, NoneOf
from loyalty.definition.neverroom import Room
from loyalty.definition.neverwords import apart, either, said
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems

# What a line has several of.
_LISTS = ("tags",)
# What a test asks of a count.
_Asked = tuple[Operator, int]


def counters_problems(tests: list[tuple[str, Condition]], ground: Ground) -> Problems:
    """Numbers of one counter in one period that no count is."""
    rooms: dict[tuple[str, str], Room] = {}
    earlier: dict[tuple[str, str], list[tuple[str, CounterTest, _Asked]]] = {}
    for here, node in tests:
        if not isinstance(node, CounterTest) or node.operator == "every":
            continue
        asked: _Asked = (node.operator, node.value)
        key = (node.counter, node.period)
        room, before = rooms.setdefault(key, Room(from_zero=True)), earlier.setdefault(key, [])
        was_empty = room.empty
        room.take(*asked)
        if room.empty and not was_empty and before:
            all_of_them = [(place, each) for place, each, _other in before]
            others = next(([(place, each)] for place, each, other in before if _no_count(asked, other)), all_of_them)
            yield apart((here, node), others, ground, either())
        before.append((here, node, asked))


def _no_count(one: _Asked, other: _Asked) -> bool:
    room = Room(from_zero=True)
    room.take(*one)
    room.take(*other)
    return room.empty


def lines_problems(tests: list[tuple[str, Condition]], ground: Ground) -> Problems:
    """Tests that one and the same line has to pass, and none can."""
    for here, node in tests:
        if not isinstance(node, LineTest) or (node.operator != "ge" and node.value == 0) or node.operator == "le":
            continue
        rooms: dict[str, Room] = {}
        for index, test in enumerate(node.where):
            if test.path in _LISTS or test.operator == "contains":
                continue
            room = rooms.setdefault(test.path, Room(from_zero=test.path in ("quantity", "net_minor")))
            was_empty = room.empty
            room.take(test.operator, test.value)
            if room.empty and not was_empty:
                yield Problem(
                    f"{here}.where[{index}]",
                    phrase(
                        "The rule can never fire: no line has what is asked here of one: %(tests)s.",
                        tests=said(node.where, ground),
                    ),
                    phrase("One line has to pass them all: change one, or ask for two kinds of lines apart."),
                )


def ruled_out_problems(tests: list[tuple[str, Condition]], ground: Ground) -> Problems:
    """What must hold stands word for word under none, too."""
    wanted = [(here, node) for here, node in tests if not isinstance(node, NoneOf)]
    for here, node in tests:
        for index, gone in enumerate(node.of if isinstance(node, NoneOf) else ()):
            other = next((where for where, each in wanted if each == gone), None)
            if other is not None:
                yield Problem(
                    f"{here}.of[{index}]",
                    phrase(
                        "The rule can never fire: “%(this)s” is both asked for and ruled out.",
                        this=said([gone], ground),
                    ),
                    phrase("Keep one of the two."),
                    other=other,
                )
