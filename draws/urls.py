"""The pages of this room, at the root of a brand's host."""

from __future__ import annotations

from django.urls import path

from draws import views

app_name = "draws"
urlpatterns = [
    path("sweepstakes/", views.sweepstake_list, name="list"),
    path("sweepstakes/<slug:program>/<slug:code>/", views.sweepstake, name="one"),
    path("sweepstakes/<slug:program>/<slug:code>/enter/", views.enter, name="enter"),
    path("sweepstakes/<slug:program>/<slug:code>/accept/", views.accept, name="accept"),
    path("sweepstakes/<slug:program>/<slug:code>/draw.json", views.file, name="file"),
]
