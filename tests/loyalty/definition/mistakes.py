"""Documents with a mistake in them, and what is said of it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from loyalty.definition.phrases import told
from loyalty.definition.problems import DefinitionError, Problem
from loyalty.definition.read import document_decode
from tests.loyalty.rules.sample import per_money, plain, rule

LADDER = {
    "code": "club",
    "name": "Club",
    "qualify": {"kind": "points_earned", "currency": "points"},
    "tiers": [{"code": "one", "name": "One", "threshold": 0}, {"code": "two", "name": "Two", "threshold": 500}],
}


def problems(source: Any) -> list[Problem]:
    with pytest.raises(DefinitionError) as caught:
        document_decode(source)
    for each in caught.value.problems:
        assert each.problem.strip(), each
        assert each.mend.strip(" ."), each
        assert each.mend != "Say .", each
        # In another language nothing of it may stay English but names and values.
        for text in (each.problem, each.mend):
            assert told(text, "[{}]".format)[:1] == "[", text
    return caught.value.problems


def broken(*path: Any, value: Any = None, **parts: Any) -> list[Problem]:
    """The problems of a good document with the value at the path replaced."""
    document = deepcopy(plain([rule("a"), rule("b", per_money())], ladders=[LADDER], **parts))
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return problems(document)
