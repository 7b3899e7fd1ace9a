"""The pages about points, at the root of a brand's host."""

from __future__ import annotations

from django.urls import path

from loyalty import giving, invited, playing, views

app_name = "loyalty"
urlpatterns = [
    path("", views.home, name="home"),
    path("activity/", views.activity, name="activity"),
    path("statement/", giving.statement, name="statement"),
    path("give/", giving.give, name="give"),
    path("invitations/<uuid:invitation_id>/", invited.invitation, name="invitation"),
    path("achievements/", playing.achievements, name="achievements"),
    path("leaderboards/", playing.leaderboards, name="leaderboards"),
    path("leaderboards/leave/", playing.leaderboards_leave, name="leaderboards-leave"),
]
