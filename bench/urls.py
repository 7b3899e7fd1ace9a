"""A brand's addresses and one more: a view of DRF's that answers a constant, the baseline of a read."""

from __future__ import annotations

from typing import Any

from django.urls import path
from rest_framework.response import Response
from rest_framework.views import APIView

from config.urls_brand import *  # noqa: F403  (settings stand on settings)
from config.urls_brand import urlpatterns as brand_urlpatterns


class ConstantView(APIView):
    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []

    def get(self, request: Any) -> Response:
        return Response({"answer": 42})


urlpatterns = [path("bench/constant", ConstantView.as_view()), *brand_urlpatterns]
