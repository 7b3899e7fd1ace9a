"""What higher rooms add to a brand's coming into being. They register in AppConfig.ready(); we never import them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tenants.models import Brand, BrandSignup

ProvisionHook = Callable[[Brand, BrandSignup], None]


@dataclass(frozen=True)
class ProgramTemplate:
    """A choice on the sign-up form. name and description are shown in the visitor's language."""

    key: str
    name: str
    description: str


TemplateSource = Callable[[], list[tuple[str, str, str]]]

_hooks: list[tuple[int, str, ProvisionHook]] = []
_template_source: TemplateSource | None = None


def on_provisioned(order: int, function: ProvisionHook) -> None:
    """Call `function(brand, signup)` in the new brand's context, lowest order first, all in one transaction.

    Raising undoes the whole brand. The sign-up may be an unsaved one (a brand made by command).
    """
    entry = (order, f"{function.__module__}.{function.__qualname__}", function)
    if entry not in _hooks:
        _hooks.append(entry)
        _hooks.sort(key=lambda hook: hook[:2])


def provisioned_hooks() -> list[ProvisionHook]:
    return [function for _order, _name, function in _hooks]


def provide_program_templates(source: TemplateSource) -> None:
    """Called once by the room that owns programs: (key, name, description) of each template, best first."""
    global _template_source
    _template_source = source


def program_templates() -> list[ProgramTemplate]:
    """The templates to offer; empty while no room provides any."""
    if _template_source is None:
        return []
    return [ProgramTemplate(*row) for row in _template_source()]
