"""The rewards on offer, for everyone or as one member sees them."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from core.api.schema import describe, path_parameter
from core.api.views import ApiView, answer
from core.errors import NotFound
from loyalty.api.places import place_of
from loyalty.models import Enrollment, Program
from loyalty.selectors import balances_of
from loyalty.services import program_get
from rewards.api import examples
from rewards.api.shapes import AffordOut, RewardFilters, RewardOut, RewardsOut, reward_out
from rewards.models import Reward
from rewards.selectors import Offer, offer_of, rewards_for, rewards_offered

TAG = "Rewards"
path_parameter(
    "reward", description="The reward's code.", schema={"type": "string", "maxLength": 40}, example="bag_of_beans"
)


class RewardNotFound(NotFound):
    code = "reward_not_found"
    title = _("There is no such reward on offer.")


class RewardsView(ApiView):
    scopes = {"GET": "rewards:read"}

    @describe(
        summary="List the rewards on offer",
        tag=TAG,
        query=RewardFilters,
        answers={200: RewardsOut},
        refusals=(404, 422),
        examples={"200": examples.REWARDS},
    )
    def get(self, request: Any) -> HttpResponse:
        """In the brand's order; with `?member=` by what that member can take, and what is missing for the others."""
        program, place = asked(self.read_query(RewardFilters))
        if place is None:
            rows = [reward_out(row, program.slug, None) for row in rewards_offered(program.pk)]
        else:
            rows = [offer_out(offer, program.slug) for offer in rewards_for(place)]
        return answer(200, RewardsOut(rows))


class RewardView(ApiView):
    scopes = {"GET": "rewards:read"}

    @describe(
        summary="Read a reward",
        tag=TAG,
        query=RewardFilters,
        answers={200: RewardOut},
        refusals=(422,),
        examples={"200": examples.REWARD},
    )
    def get(self, request: Any, reward: str) -> HttpResponse:
        """One that is on offer now; with `?member=` as that member sees it."""
        program, place = asked(self.read_query(RewardFilters))
        row = rewards_offered(program.pk).filter(code=reward).first()
        if row is None:
            raise RewardNotFound(field="reward")
        if place is None:
            return answer(200, reward_out(row, program.slug, None))
        balances = {each.currency: each.balance for each in balances_of(place)}
        return answer(200, offer_out(offer_of(row, place, balances), program.slug))


def asked(filters: RewardFilters) -> tuple[Program, Enrollment | None]:
    """The program that is meant, and the member's place in it when a member was named."""
    if filters.member is None:
        return program_get(filters.program), None
    place = place_of(filters.member, filters.program)
    return place.program, place


def reward_by_code(program: Program, code: str) -> Reward:
    """A reward of the program, on offer or not: taking one that isn't is refused with the reason."""
    found = Reward.objects.filter(program=program, code=code).first()
    if found is None:
        raise RewardNotFound(field="reward", status=422)
    return found


def offer_out(offer: Offer, program: str) -> RewardOut:
    return reward_out(offer.reward, program, AffordOut(offer.affordable, offer.missing, offer.reason), offer.options)  # type: ignore[arg-type]  # one of the model's choices
