"""Forms made from a panel's questions, for applicants and testers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.backoffice.base import refusal_text
from core.errors import DomainError
from loyalty.definition.basics import LocalText
from loyalty.definition.translation import text_in
from panels.questions import AskChoice, AskChoices, AskPhoto, AskScale, AskText, Question

PREFIX = "q_"
PICTURES = "image/jpeg,image/png,image/webp"


def local(text: LocalText) -> str:
    """A text of the document in the reader's language."""
    return text_in(text, (get_language() or "en")[:2])


class AnswersForm(forms.Form):
    """A field per question. What is missing or wrong the service says; this form only carries it there and back."""

    use_required_attribute = False

    def __init__(self, questions: Sequence[Question], answers: Mapping[str, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions = questions
        for each in questions:
            made = form_field(each)
            made.initial = answers.get(each.code)
            self.fields[PREFIX + each.code] = made

    def given(self) -> dict[str, Any]:
        """What was filled in, as the services take it."""
        found: dict[str, Any] = {}
        for each in self.questions:
            value = self.cleaned_data.get(PREFIX + each.code)
            if isinstance(each, AskPhoto) or value in (None, "", []):
                continue
            found[each.code] = int(value) if isinstance(each, AskScale) else value
        return found

    def photos(self) -> dict[str, Any]:
        """Question → the file that was sent for it."""
        names = [each.code for each in self.questions if isinstance(each, AskPhoto)]
        return {code: self.cleaned_data[PREFIX + code] for code in names if self.cleaned_data.get(PREFIX + code)}

    def place(self, error: DomainError) -> None:
        """Put what was refused beside the questions that it is about, or above the form."""
        problems = error.context.get("problems") or [{"field": error.field or "", "problem": refusal_text(error)}]
        for each in problems:
            name = PREFIX + str(each["field"]).rpartition(".")[2]
            self.add_error(name if name in self.fields else None, each["problem"])


def form_field(question: Question) -> forms.Field:
    said: dict[str, Any] = {"label": local(question.name), "help_text": local(question.help), "required": False}
    match question:
        case AskText():
            widget: forms.Widget = forms.Textarea({"rows": 4}) if question.long else forms.TextInput()
            field: forms.Field = forms.CharField(widget=widget, **said)
            # Longer than that is refused with what was written still there.
            widget.attrs["maxlength"] = question.most
        case AskScale():
            numbers = [(str(n), _end(question, n)) for n in range(question.least, question.most + 1)]
            field = forms.ChoiceField(choices=numbers, widget=forms.RadioSelect, **said)
        case AskChoice():
            options = [(each.code, local(each.name)) for each in question.options]
            field = forms.ChoiceField(choices=options, widget=forms.RadioSelect, **said)
        case AskChoices():
            options = [(each.code, local(each.name)) for each in question.options]
            field = forms.MultipleChoiceField(choices=options, widget=forms.CheckboxSelectMultiple, **said)
        case _:
            said["help_text"] = said["help_text"] or _(
                "JPEG, PNG or WebP, 10 MB at most. Hidden details, such as where it was taken, are removed from it."
            )
            field = forms.FileField(widget=forms.FileInput({"accept": PICTURES}), **said)
    field.optional = not question.needed  # type: ignore[attr-defined]  # what the template says beside it
    return field


def _end(question: AskScale, number: int) -> str:
    word = question.low if number == question.least else question.high if number == question.most else ""
    return f"{number} – {local(word)}" if word else str(number)


def told_answers(questions: Sequence[Question], answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(question, answer) for reading, in the document's order."""
    return [
        (local(each.name), told_answer(each, answers.get(each.code)))
        for each in questions
        if not isinstance(each, AskPhoto)
    ]


def told_answer(question: Question, value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(question, AskChoice | AskChoices):
        names = {each.code: local(each.name) for each in question.options}
        codes = value if isinstance(value, list) else [value]
        return ", ".join(names.get(code, str(code)) for code in codes)
    return str(value)
