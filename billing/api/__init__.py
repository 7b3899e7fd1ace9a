"""Paid memberships over REST: `api_urls` is collected by config/api.py."""

from __future__ import annotations

from django.urls import path

from billing.api.addons import SubscriptionAddOnsView, SubscriptionAddOnView
from billing.api.changing import ChangeWithdrawView, SubscriptionChangeView
from billing.api.joining import SubscriptionsView
from billing.api.leaving import SubscriptionCancelView, SubscriptionKeepView
from billing.api.pausing import SubscriptionPauseView, SubscriptionResumeView, SubscriptionSkipView
from billing.api.reading import PlansView, SubscriptionView
from billing.api.refunding import SubscriptionRefundsView
from billing.api.usage import SubscriptionUsageView, UsageCapView

ONE = "subscriptions/<uuid:subscription>"

api_urls = [
    path("plans", PlansView.as_view(), name="plans"),
    path("members/<str:member>/subscriptions", SubscriptionsView.as_view(), name="member-subscriptions"),
    path(ONE, SubscriptionView.as_view(), name="subscription"),
    path(f"{ONE}/cancel", SubscriptionCancelView.as_view(), name="subscription-cancel"),
    path(f"{ONE}/keep", SubscriptionKeepView.as_view(), name="subscription-keep"),
    path(f"{ONE}/change", SubscriptionChangeView.as_view(), name="subscription-change"),
    path(f"{ONE}/change/withdraw", ChangeWithdrawView.as_view(), name="subscription-change-withdraw"),
    path(f"{ONE}/add-ons", SubscriptionAddOnsView.as_view(), name="subscription-add-ons"),
    path(f"{ONE}/add-ons/<str:add_on>", SubscriptionAddOnView.as_view(), name="subscription-add-on"),
    path(f"{ONE}/usage", SubscriptionUsageView.as_view(), name="subscription-usage"),
    path(f"{ONE}/usage/<str:meter>/cap", UsageCapView.as_view(), name="subscription-usage-cap"),
    path(f"{ONE}/skip", SubscriptionSkipView.as_view(), name="subscription-skip"),
    path(f"{ONE}/pause", SubscriptionPauseView.as_view(), name="subscription-pause"),
    path(f"{ONE}/resume", SubscriptionResumeView.as_view(), name="subscription-resume"),
    path(f"{ONE}/refunds", SubscriptionRefundsView.as_view(), name="subscription-refunds"),
]
