"""Sweepstakes over REST: `api_urls` is collected by config/api.py."""

from __future__ import annotations

from django.urls import path

from draws.api.views import (
    CancelView,
    DrawView,
    EntriesView,
    FileView,
    PassView,
    PrizeView,
    SweepstakesView,
    SweepstakeView,
)

api_urls = [
    path("sweepstakes", SweepstakesView.as_view(), name="sweepstakes"),
    path("sweepstakes/<str:sweepstake>", SweepstakeView.as_view(), name="sweepstake"),
    path("sweepstakes/<str:sweepstake>/draw", DrawView.as_view(), name="sweepstake-draw"),
    path("sweepstakes/<str:sweepstake>/draw/file", FileView.as_view(), name="sweepstake-file"),
    path("sweepstakes/<str:sweepstake>/draw/pass", PassView.as_view(), name="sweepstake-pass"),
    path("sweepstakes/<str:sweepstake>/cancel", CancelView.as_view(), name="sweepstake-cancel"),
    path("members/<str:member>/sweepstakes/<str:sweepstake>/prize", PrizeView.as_view(), name="member-prize"),
    path("members/<str:member>/sweepstakes/<str:sweepstake>/entries", EntriesView.as_view(), name="member-entries"),
]
