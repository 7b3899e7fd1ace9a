"""The loyalty room's tables. Points are written by loyalty/ledger.py alone."""

from loyalty.models.achievement import Achievement, LeaderboardPlayer
from loyalty.models.backfill import CounterBackfill
from loyalty.models.backtest import BacktestPart, BacktestRun
from loyalty.models.budget import Budget
from loyalty.models.event import Event, Order
from loyalty.models.importing import ImportJob, ImportReject
from loyalty.models.ledger import (
    Enrollment,
    LotDraw,
    PointsAccount,
    PointsEntry,
    PointsLot,
    ProgressCounter,
)
from loyalty.models.moving import HoldLot, PointsAdjustment, PointsHold, PointsTransfer
from loyalty.models.program import (
    DraftPart,
    EarningRule,
    Ladder,
    PointCurrency,
    Program,
    ProgramVersion,
    Tier,
    VersionWithdrawal,
)
from loyalty.models.tier import TierChange, TierFloor, TierInvitation, TierStanding

__all__ = [
    "Achievement",
    "BacktestPart",
    "BacktestRun",
    "Budget",
    "CounterBackfill",
    "DraftPart",
    "EarningRule",
    "Enrollment",
    "Event",
    "HoldLot",
    "ImportJob",
    "ImportReject",
    "Ladder",
    "LeaderboardPlayer",
    "LotDraw",
    "Order",
    "PointCurrency",
    "PointsAccount",
    "PointsAdjustment",
    "PointsEntry",
    "PointsHold",
    "PointsLot",
    "PointsTransfer",
    "Program",
    "ProgramVersion",
    "ProgressCounter",
    "Tier",
    "TierChange",
    "TierFloor",
    "TierInvitation",
    "TierStanding",
    "VersionWithdrawal",
]
