"""The members' pages about paid memberships, at the root of a brand's host."""

from __future__ import annotations

from django.urls import path

from billing.portal import change_views, extra_views, join_views, leave_views, my_views, usage_views

app_name = "membership"
urlpatterns = [
    path("plans/", join_views.plan_list, name="plans"),
    path("plans/<slug:code>/", join_views.plan_detail, name="plan"),
    path("membership/", my_views.mine, name="mine"),
    path("membership/pay/", join_views.pay, name="pay"),
    path("membership/back/", join_views.back, name="back"),
    path("membership/invoices/", my_views.invoices, name="invoices"),
    path("membership/details/", my_views.details, name="details"),
    path("membership/<uuid:public_id>/next/", my_views.next_payment, name="next"),
    path("membership/<uuid:public_id>/keep/", my_views.keep, name="keep"),
    path("membership/<uuid:public_id>/card/", my_views.card, name="card"),
    path("membership/<uuid:public_id>/pay-open/", my_views.pay_open, name="pay_open"),
    path("membership/<uuid:public_id>/change/", change_views.change, name="change"),
    path("membership/<uuid:public_id>/change/withdraw/", change_views.change_withdraw, name="change_withdraw"),
    path("membership/<uuid:public_id>/change/<slug:plan_code>/<slug:price>/", change_views.change_to, name="change_to"),
    path("membership/<uuid:public_id>/pause/", change_views.pause, name="pause"),
    path("membership/<uuid:public_id>/resume/", change_views.resume, name="resume"),
    path("membership/<uuid:public_id>/extras/", extra_views.extras, name="extras"),
    path("membership/<uuid:public_id>/extras/<slug:add_on>/<int:quantity>/", extra_views.extra, name="extra"),
    path("membership/<uuid:public_id>/usage/", usage_views.usage, name="usage"),
    path("membership/<uuid:public_id>/usage/<slug:meter>/", usage_views.usage_cap, name="usage_cap"),
    path("membership/<uuid:public_id>/leave/", leave_views.leave, name="leave"),
    path("membership/<uuid:public_id>/offer/", leave_views.offer, name="offer"),
]
