"""The pages about boxes, at the root of a brand's host."""

from __future__ import annotations

from django.urls import path

from billing.boxes import moneyviews, views

app_name = "boxes"
urlpatterns = [
    path("boxes/", views.boxes, name="mine"),
    path("boxes/<uuid:box_id>/swap/", views.swap, name="swap"),
    path("boxes/<uuid:box_id>/delay/", views.delay, name="delay"),
    path("boxes/<uuid:box_id>/address/", views.address, name="address"),
    path("boxes/<uuid:box_id>/add/", moneyviews.add, name="add"),
    path("boxes/<uuid:box_id>/take-out/", moneyviews.take_out, name="take_out"),
    path("boxes/<uuid:box_id>/now/", moneyviews.send_now, name="now"),
    path("boxes/of/<uuid:subscription_id>/quantity/", moneyviews.quantity, name="quantity"),
    path("boxes/of/<uuid:subscription_id>/frequency/", moneyviews.frequency, name="frequency"),
    path("boxes/of/<uuid:subscription_id>/skip/", views.skip, name="skip"),
    path("boxes/of/<uuid:subscription_id>/reminders/", views.reminders, name="reminders"),
    path("boxes/of/<uuid:subscription_id>/unskip/", views.unskip, name="unskip"),
]
