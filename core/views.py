"""Answers that belong to no room: the page for a form whose protection token was missing or old."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 in words: usually a form that lay open too long."""
    return render(request, "errors/403_csrf.html", status=403)
