"""The pages about rewards, at the root of a brand's host."""

from __future__ import annotations

from django.urls import path

from rewards import views
from rewards.benefits.pages import benefits_view, calendar_view, code_view
from rewards.benefits.published import keys_view

app_name = "rewards"
urlpatterns = [
    path("rewards/", views.reward_list, name="list"),
    path("rewards/<slug:code>/", views.reward_detail, name="detail"),
    path("my-rewards/", views.redemption_list, name="mine"),
    path("my-rewards/<uuid:redemption_id>/", views.redemption_detail, name="one"),
    path("my-rewards/<uuid:redemption_id>/cancel/", views.redemption_cancel_page, name="cancel"),
    path("my-rewards/<uuid:redemption_id>/confirm/", views.redemption_confirm, name="confirm"),
    path("benefits/", benefits_view, name="benefits"),
    path("benefits/<slug:code>/code/", code_view, name="benefit_code"),
    path("benefits/calendar.ics", calendar_view, name="benefits_calendar"),
    path(".well-known/jwks.json", keys_view, name="token_keys"),
    path("rewards/<slug:code>/waiting/", views.waiting_list, name="waiting"),
    path("my-rewards/<uuid:redemption_id>/address/", views.parcel_address, name="address"),
    path("my-rewards/<uuid:redemption_id>/file/", views.reward_file, name="file"),
    path("reward-pictures/<slug:digest>/", views.reward_picture, name="picture"),
]
