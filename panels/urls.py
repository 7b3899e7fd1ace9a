"""The pages of this room, at the root of a brand's host."""

from __future__ import annotations

from django.urls import path

from panels import views

app_name = "panels"
urlpatterns = [
    path("panels/", views.panel_list, name="list"),
    path("panels/photos/<uuid:photo_id>/", views.photo, name="photo"),
    path("panels/<slug:code>/", views.panel, name="one"),
    path("panels/<slug:code>/apply/", views.apply, name="apply"),
    path("panels/<slug:code>/accept/", views.accept, name="accept"),
    path("panels/<slug:code>/received/", views.received, name="received"),
    path("panels/<slug:code>/answers/", views.answers, name="answers"),
    path("panels/<slug:code>/sure/<slug:what>/", views.sure, name="sure"),
    path("panel-pictures/<slug:digest>/", views.picture, name="picture"),
]
