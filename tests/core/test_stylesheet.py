"""The style sheet that is served. That it is built from the templates as they are is checked by `make test`."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_it_asks_nobody_else_for_anything() -> None:
    sheet = (ROOT / "static" / "css" / "app.css").read_text()
    assert "http://" not in sheet.replace("http://www.w3.org", "")
    assert "https://" not in sheet.replace("https://tailwindcss.com", "")
    assert "@import" not in sheet
