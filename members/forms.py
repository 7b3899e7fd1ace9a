from __future__ import annotations


from django import forms


class SignupForm(forms.Form):
    def signup(self, request, user):  # type: ignore[no-untyped-def]
        pass
