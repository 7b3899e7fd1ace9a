"""Rewards and redemptions over REST: `api_urls` is collected by config/api.py."""

from __future__ import annotations

from django.urls import path

from rewards.api.benefits import (
    BenefitsView,
    BenefitUsesView,
    BenefitUseView,
    EntitlementsView,
    TokenView,
    UseRevokeView,
)
from rewards.api.catalogue import RewardsView, RewardView
from rewards.api.deliveries import DeliveryView
from rewards.api.redemptions import CancelView, RedemptionsView, RedemptionView, UseView

api_urls = [
    path("rewards", RewardsView.as_view(), name="rewards"),
    path("rewards/<str:reward>", RewardView.as_view(), name="reward"),
    path("redemptions", RedemptionsView.as_view(), name="redemptions"),
    path("redemptions/<uuid:redemption>", RedemptionView.as_view(), name="redemption"),
    path("redemptions/<uuid:redemption>/cancel", CancelView.as_view(), name="redemption-cancel"),
    path("redemptions/<uuid:redemption>/delivery", DeliveryView.as_view(), name="redemption-delivery"),
    path("redemptions/<uuid:redemption>/use", UseView.as_view(), name="redemption-use"),
    path("members/<str:member>/benefits", BenefitsView.as_view(), name="member-benefits"),
    path("members/<str:member>/benefits/<str:benefit>/uses", BenefitUsesView.as_view(), name="benefit-uses"),
    path("benefit-uses/<uuid:use>", BenefitUseView.as_view(), name="benefit-use"),
    path("benefit-uses/<uuid:use>/revoke", UseRevokeView.as_view(), name="benefit-use-revoke"),
    path("members/<str:member>/entitlements", EntitlementsView.as_view(), name="entitlements"),
    path("members/<str:member>/entitlements/token", TokenView.as_view(), name="entitlements-token"),
]
