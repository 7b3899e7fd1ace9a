"""What the buttons of a form do to what stands in it: rows added, removed and moved, parts put in and left out.

An act is `name:path` or `name:path:kind`; what can't be done leaves everything as it is.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from loyalty.admin.forms.shapes import (
    MISSING,
    Anything,
    Group,
    Kinds,
    Pairs,
    Rows,
    Shape,
    fields_of,
    fresh,
    fresh_kind,
    tag_of,
)


def act(cls: type[Struct], plain: dict[str, Any], root: str, what: str) -> str:
    """Do it; returns the path of what should be looked at next, "" for nothing in particular."""
    name, _colon, rest = what.partition(":")
    path, _colon, tag = rest.partition(":")
    if not path.startswith(f"{root}."):
        return ""
    steps = path[len(root) + 1 :].split(".")
    match name:
        case "add":
            return _add(cls, plain, steps, tag, path)
        case "put" | "wrap":
            return _put(cls, plain, steps, tag, path, wrap=name == "wrap")
        case "drop":
            holder, last = _holder(plain, steps)
            if isinstance(holder, dict) and last in holder:
                # Nothing, said aloud: what is left out is at its default, which may be something.
                holder[last] = None
                return path
        case "remove" | "up" | "down":
            return _moved(plain, steps, name, path)
    return ""


def _add(cls: type[Struct], plain: dict[str, Any], steps: list[str], tag: str, path: str) -> str:
    shape = shape_at(cls, plain, steps)
    holder, last = _holder(plain, steps)
    if holder is None:
        return ""
    if isinstance(shape, Rows):
        rows = holder.get(last) if isinstance(holder, dict) else _item(holder, last)
        rows = rows if isinstance(rows, list) else []
        rows.append(_begun(shape.item, tag))
        _set(holder, last, rows)
        return f"{path}.{len(rows) - 1}"
    if isinstance(shape, Pairs | Anything):
        found = holder.get(last) if isinstance(holder, dict) else _item(holder, last)
        if isinstance(found, list):
            found.append("")
            return f"{path}.{len(found) - 1}"
        pairs = found if isinstance(found, dict) else {}
        pairs.setdefault("", _begun(shape.value, "") if isinstance(shape, Pairs) else "")
        _set(holder, last, pairs)
        return f"{path}.{list(pairs).index('')}"
    return ""


def _put(cls: type[Struct], plain: dict[str, Any], steps: list[str], tag: str, path: str, *, wrap: bool) -> str:
    """Put a part where none is, or the part that is there into a group with a new one."""
    shape = shape_at(cls, plain, steps)
    holder, last = _holder(plain, steps)
    if not isinstance(holder, dict) or not isinstance(shape, Group | Kinds):
        return ""
    begun, old = _begun(shape, tag), holder.get(last)
    if wrap and isinstance(shape, Kinds) and isinstance(old, dict):
        nest = next(each for each in shape.classes if shape.nests(each))
        (inner,) = [name for name, field in fields_of(nest).items() if isinstance(field.shape, Rows)][:1]
        holder[last] = {shape.tag_field: tag_of(nest), inner: [old, begun]}
        return f"{path}.{inner}.1"
    holder[last] = begun
    return path


def _moved(plain: dict[str, Any], steps: list[str], name: str, path: str) -> str:
    holder, last = _holder(plain, steps)
    above = path.rpartition(".")[0]
    if isinstance(holder, dict) and last.isdigit():
        keys = list(holder)  # names with values: rows by their place
        if name == "remove" and int(last) < len(keys):
            del holder[keys[int(last)]]
        return above
    if not isinstance(holder, list) or not last.isdigit() or int(last) >= len(holder):
        return ""
    at = int(last)
    if name == "remove":
        del holder[at]
        return above
    other = at - 1 if name == "up" else at + 1
    if 0 <= other < len(holder):
        holder[at], holder[other] = holder[other], holder[at]
        return f"{above}.{other}"
    return path


def _begun(shape: Shape, tag: str) -> Any:
    if isinstance(shape, Kinds) and tag:
        cls = shape.of({shape.tag_field: tag})
        if cls is not None:
            return fresh_kind(cls)
    value = fresh(shape)
    return "" if value is MISSING else value


def _set(holder: Any, last: str, value: Any) -> None:
    if isinstance(holder, dict):
        holder[last] = value
    else:
        holder[int(last)] = value


def _item(holder: Any, last: str) -> Any:
    return holder[int(last)] if last.isdigit() and int(last) < len(holder) else None


def _holder(plain: Any, steps: list[str]) -> tuple[Any, str]:
    """What holds the last step, and that step as it names it there."""
    here = plain
    for at, step in enumerate(steps[:-1]):
        following = _down(here, step, steps[at + 1])
        if not isinstance(following, dict | list):
            return None, ""
        here = following
    return here, steps[-1]


def _down(here: Any, step: str, following: str) -> Any:
    """The value at a step. In names with values the steps are a place and then `value`."""
    if isinstance(here, list):
        return _item(here, step)
    if isinstance(here, dict):
        if step in here:
            return here[step]
        if step.isdigit() and following == "value":
            keys = list(here)
            return {"value": here[keys[int(step)]]} if int(step) < len(keys) else None
    return None


def shape_at(cls: type[Struct], plain: Any, steps: list[str]) -> Shape | None:
    """The shape of what stands at the path."""
    shape: Shape | None = Group(cls)
    here = plain
    for step in steps:
        if isinstance(shape, Kinds):
            chosen = shape.of(here)
            shape = Group(chosen) if chosen is not None else None
        match shape:
            case Group():
                field = fields_of(shape.cls).get(step)
                shape = field.shape if field is not None else None
                here = here.get(step) if isinstance(here, dict) else None
            case Rows():
                shape, here = shape.item, _item(here, step) if isinstance(here, list) else None
            case Pairs():
                if step != "value":
                    keys = list(here) if isinstance(here, dict) else []
                    here = here[keys[int(step)]] if step.isdigit() and int(step) < len(keys) else None
                    continue
                shape = shape.value
            case Anything():
                here = _item(here, step) if isinstance(here, list) else here
            case _:
                return None
    return shape
