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
from rewards.api.carts import (
    PaymentCaptureView,
    PaymentRefundsView,
    PaymentReleaseView,
    PaymentsView,
    PaymentView,
    QuoteView,
)
from rewards.api.catalogue import RewardsView, RewardView
from rewards.api.deliveries import DeliveryView
from rewards.api.handing import CausesView, CreditView, ParcelsView, ParcelView, WaitingView
from rewards.api.redemptions import CancelView, RedemptionsView, RedemptionView, UseView
from rewards.api.reserved import AddressView, CaptureView, MoneyView
from rewards.api.vouchers import RedeemView, ReturnView, ValidateView

api_urls = [
    path("rewards", RewardsView.as_view(), name="rewards"),
    path("rewards/<str:reward>", RewardView.as_view(), name="reward"),
    path("redemptions", RedemptionsView.as_view(), name="redemptions"),
    path("redemptions/<uuid:redemption>", RedemptionView.as_view(), name="redemption"),
    path("redemptions/<uuid:redemption>/cancel", CancelView.as_view(), name="redemption-cancel"),
    path("redemptions/<uuid:redemption>/delivery", DeliveryView.as_view(), name="redemption-delivery"),
    path("redemptions/<uuid:redemption>/use", UseView.as_view(), name="redemption-use"),
    path("carts/quote", QuoteView.as_view(), name="cart-quote"),
    path("carts/payments", PaymentsView.as_view(), name="cart-payments"),
    path("carts/payments/<uuid:payment>", PaymentView.as_view(), name="cart-payment"),
    path("carts/payments/<uuid:payment>/capture", PaymentCaptureView.as_view(), name="cart-payment-capture"),
    path("carts/payments/<uuid:payment>/release", PaymentReleaseView.as_view(), name="cart-payment-release"),
    path("carts/payments/<uuid:payment>/refunds", PaymentRefundsView.as_view(), name="cart-payment-refunds"),
    path("members/<str:member>/benefits", BenefitsView.as_view(), name="member-benefits"),
    path("members/<str:member>/benefits/<str:benefit>/uses", BenefitUsesView.as_view(), name="benefit-uses"),
    path("benefit-uses/<uuid:use>", BenefitUseView.as_view(), name="benefit-use"),
    path("benefit-uses/<uuid:use>/revoke", UseRevokeView.as_view(), name="benefit-use-revoke"),
    path("members/<str:member>/entitlements", EntitlementsView.as_view(), name="entitlements"),
    path("members/<str:member>/entitlements/token", TokenView.as_view(), name="entitlements-token"),
    path("redemptions/<uuid:redemption>/capture", CaptureView.as_view(), name="redemption-capture"),
    path("redemptions/<uuid:redemption>/payment", MoneyView.as_view(), name="redemption-payment"),
    path("redemptions/<uuid:redemption>/address", AddressView.as_view(), name="redemption-address"),
    path("rewards/<str:reward>/waiting-list", WaitingView.as_view(), name="reward-waiting-list"),
    path("vouchers/validate", ValidateView.as_view(), name="voucher-validate"),
    path("vouchers/redeem", RedeemView.as_view(), name="voucher-redeem"),
    path("vouchers/return", ReturnView.as_view(), name="voucher-return"),
    path("members/<str:member>/store-credit", CreditView.as_view(), name="member-store-credit"),
    path("causes", CausesView.as_view(), name="causes"),
    path("parcels", ParcelsView.as_view(), name="parcels"),
    path("parcels/<int:parcel>", ParcelView.as_view(), name="parcel"),
]
