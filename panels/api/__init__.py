"""Product panels over REST: `api_urls` is collected by config/api.py."""

from __future__ import annotations

from django.urls import path

from panels.api.answers import AnswersView, ResultsView
from panels.api.applying import ApplicationView, ApplicationWithdrawView
from panels.api.choosing import ApplicationsView, CancelView, DrawFileView, DrawView, SelectView, SettleView
from panels.api.panels import PanelsView, PanelView
from panels.api.testers import MoveView

api_urls = [
    path("panels", PanelsView.as_view(), name="panels"),
    path("panels/<str:panel>", PanelView.as_view(), name="panel"),
    path("panels/<str:panel>/applications", ApplicationsView.as_view(), name="panel-applications"),
    path("panels/<str:panel>/select", SelectView.as_view(), name="panel-select"),
    path("panels/<str:panel>/draw", DrawView.as_view(), name="panel-draw"),
    path("panels/<str:panel>/draw/file", DrawFileView.as_view(), name="panel-draw-file"),
    path("panels/<str:panel>/settle", SettleView.as_view(), name="panel-settle"),
    path("panels/<str:panel>/cancel", CancelView.as_view(), name="panel-cancel"),
    path("panels/<str:panel>/testers/<uuid:tester>/move", MoveView.as_view(), name="panel-tester-move"),
    path("panels/<str:panel>/answers", AnswersView.as_view(), name="panel-answers"),
    path("panels/<str:panel>/results", ResultsView.as_view(), name="panel-results"),
    path("members/<str:member>/panels/<str:panel>/application", ApplicationView.as_view(), name="panel-application"),
    path(
        "members/<str:member>/panels/<str:panel>/application/withdraw", ApplicationWithdrawView.as_view(),
        name="panel-application-withdraw",
    ),
]  # fmt: skip
