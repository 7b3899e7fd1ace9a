"""Events, points and programs over REST: `api_urls` is collected by config/api.py."""

from __future__ import annotations

from django.urls import path

from loyalty.api.achievements import AchievementsView, LeaderboardView, PlayerView
from loyalty.api.backtests import BacktestsView, BacktestView
from loyalty.api.drafts import DraftPublishView, DraftView
from loyalty.api.events import BulkView, EventsView, EventView
from loyalty.api.giventiers import FloorsView, InvitationEndView, InvitationsView
from loyalty.api.imports import (
    ImportCancelView,
    ImportPauseView,
    ImportRejectsView,
    ImportStartView,
    ImportsView,
    ImportView,
)
from loyalty.api.moving import HoldCaptureView, HoldReleaseView, HoldsView, HoldView, TransfersView
from loyalty.api.points import AdjustmentsView, BalancesView, LedgerView, TiersView
from loyalty.api.pools import PoolView
from loyalty.api.programs import ProgramSchemaView, ProgramsView, ProgramView, VersionView
from loyalty.api.republishing import VersionAgainView, VersionWithdrawView
from loyalty.api.simulate import SimulateView
from loyalty.api.statements import StatementView
from loyalty.api.tiers import FloorView, InvitationView

api_urls = [
    # First what is asked most, since Django tries one after the other.
    path("events", EventsView.as_view(), name="events"),
    path("members/<str:member>/balances", BalancesView.as_view(), name="member-balances"),
    path("members/<str:member>/tiers", TiersView.as_view(), name="member-tiers"),
    path("events/bulk", BulkView.as_view(), name="events-bulk"),
    path("events/simulate", SimulateView.as_view(), name="events-simulate"),
    path("events/<uuid:event>", EventView.as_view(), name="event"),
    path("imports", ImportsView.as_view(), name="imports"),
    path("imports/<uuid:import_job>", ImportView.as_view(), name="import"),
    path("imports/<uuid:import_job>/rejects", ImportRejectsView.as_view(), name="import-rejects"),
    path("imports/<uuid:import_job>/start", ImportStartView.as_view(), name="import-start"),
    path("imports/<uuid:import_job>/pause", ImportPauseView.as_view(), name="import-pause"),
    path("imports/<uuid:import_job>/cancel", ImportCancelView.as_view(), name="import-cancel"),
    path("members/<str:member>/ledger", LedgerView.as_view(), name="member-ledger"),
    path("members/<str:member>/tiers/<str:ladder>/floor", FloorView.as_view(), name="member-tier-floor"),
    path("members/<str:member>/tiers/<str:ladder>/invitation", InvitationView.as_view(), name="member-tier-invitation"),
    path("members/<str:member>/floors", FloorsView.as_view(), name="member-floors"),
    path("members/<str:member>/invitations", InvitationsView.as_view(), name="member-invitations"),
    path(
        "members/<str:member>/invitations/<uuid:invitation>", InvitationEndView.as_view(), name="member-invitation-end"
    ),
    path("members/<str:member>/achievements", AchievementsView.as_view(), name="member-achievements"),
    path("members/<str:member>/leaderboards", PlayerView.as_view(), name="member-leaderboards"),
    path("leaderboards/<str:board>", LeaderboardView.as_view(), name="leaderboard"),
    path("members/<str:member>/adjustments", AdjustmentsView.as_view(), name="member-adjustments"),
    path("members/<str:member>/holds", HoldsView.as_view(), name="member-holds"),
    path("members/<str:member>/transfers", TransfersView.as_view(), name="member-transfers"),
    path("members/<str:member>/statement", StatementView.as_view(), name="member-statement"),
    path("members/<str:member>/pool", PoolView.as_view(), name="member-pool"),
    path("holds/<uuid:hold>", HoldView.as_view(), name="hold"),
    path("holds/<uuid:hold>/capture", HoldCaptureView.as_view(), name="hold-capture"),
    path("holds/<uuid:hold>/release", HoldReleaseView.as_view(), name="hold-release"),
    path("programs", ProgramsView.as_view(), name="programs"),
    path("programs/schema.json", ProgramSchemaView.as_view(), name="program-schema"),
    path("programs/<str:program>", ProgramView.as_view(), name="program"),
    path("programs/<str:program>/draft", DraftView.as_view(), name="program-draft"),
    path("programs/<str:program>/draft/publish", DraftPublishView.as_view(), name="program-draft-publish"),
    path("programs/<str:program>/backtests", BacktestsView.as_view(), name="backtests"),
    path("programs/<str:program>/backtests/<uuid:backtest>", BacktestView.as_view(), name="backtest"),
    path("programs/<str:program>/versions/<int:number>", VersionView.as_view(), name="program-version"),
    path(
        "programs/<str:program>/versions/<int:number>/withdraw", VersionWithdrawView.as_view(), name="version-withdraw"
    ),
    path("programs/<str:program>/versions/<int:number>/publish", VersionAgainView.as_view(), name="version-again"),
]
