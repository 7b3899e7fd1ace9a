"""Letters to people: a template per kind, in the reader's language, with the brand's name, colour and logo.

mail/<kind>.txt and mail/<kind>.html; the first line of the text is the subject.
"""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import strip_tags

from core.colour import palette
from core.mail import mail_queue
from tenants.context import current_brand
from tenants.links import brand_url

LANGUAGES = ("en", "nl")


def letter_queue(*, kind: str, to: str, language: str, **words: Any) -> None:
    """Render and queue one letter of the current brand. words: what the templates of this kind name.

    Addresses in words are paths; the templates get them absolute as `url`.
    """
    brand = current_brand()
    if brand is None:
        raise RuntimeError("a letter is written on behalf of a brand, and none is current")
    language = language if language in LANGUAGES else brand.language
    url = brand_url(brand, words.pop("path", "/"))
    context = {
        **words,
        "brand": brand,
        "url": url,
        "home_url": brand_url(brand),
        "language": language,
        "colours": palette(brand.color_primary, brand.color_accent).light,
    }
    with translation.override(language):
        # Plain text: what a person is called must not arrive as &amp;.
        subject, _newline, text = render_to_string(f"mail/{kind}.txt", context).strip().partition("\n")
        html = render_to_string(f"mail/{kind}.html", {**context, "subject": subject})
    mail_queue(to=to, language=language, kind=kind, subject=strip_tags(subject), text=text.strip() + "\n", html=html)
