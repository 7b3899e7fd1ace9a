"""The members' pages of this room, at the root of a brand's host."""

from __future__ import annotations

from django.urls import path

from claims import checkin_views, views

app_name = "claims"
urlpatterns = [
    path("claims/", views.claim_list, name="list"),
    path("claims/new/<slug:code>/", views.claim_new, name="new"),
    path("claims/<uuid:claim_id>/", views.claim_detail, name="one"),
    path("claims/<uuid:claim_id>/withdraw/", views.claim_withdraw_page, name="withdraw"),
    path("claims/<uuid:claim_id>/files/<uuid:file_id>/", views.claim_file, name="file"),
    path("check-in/", checkin_views.check_in_page, name="check_in"),
    path("check-in/code/", checkin_views.code_page, name="code"),
    path("check-in/<str:token>/", checkin_views.code_scanned, name="scanned"),
]
