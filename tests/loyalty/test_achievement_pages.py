"""What members see of challenges, stamp cards, streaks, badges and leaderboards, and how they take part."""

from __future__ import annotations

from typing import Any

import pytest

from core import clock
from core.actor import Actor
from core.errors import InvalidInput
from core.tables import AuditEntry
from loyalty.achievementviews import achievements_of
from loyalty.errors import PlayerNameTaken
from loyalty.leaderboards import boards_of, leaderboard_join, leaderboard_leave, player_moderate, player_name_read
from loyalty.models import LeaderboardPlayer, Program
from members.models import Member
from tenants.models import Brand
from tests.conftest import ClientFor
from tests.loyalty import cast, shop
from tests.loyalty.engine.test_achieved import DOCUMENT
from tests.loyalty.rules.achieving import challenge
from tests.loyalty.test_pages import text_of

pytestmark = pytest.mark.django_db
ACTOR = Actor("member", "member:x", "web")


def program(**parts: Any) -> Program:
    return shop.program({**DOCUMENT, **parts})


def test_a_member_sees_the_card_with_its_stamps_the_challenge_and_the_streak(
    brand: Brand, client_for: ClientFor
) -> None:
    who = cast.person(program())
    client = client_for(brand, user=who.user)
    shop.send(shop.order(who.member, 10))
    page = text_of(client.get("/achievements/"))
    assert "1 of 2 stamps. One more and you get 40 points and a reward." in page
    assert "1 of 3" in page
    assert "1 day in a row" in page
    assert "At 2 in a row you get 2 points." in page
    assert "🏅 Regular Not yet" in page
    home = text_of(client.get("/"))
    assert "1 of 2 stamps" in home
    assert "All achievements" in home


def test_a_badge_and_a_done_challenge_are_shown_as_reached(brand: Brand, client_for: ClientFor) -> None:
    who = cast.person(program())
    shop.send(*(shop.order(who.member, 10) for _ in range(3)))
    page = text_of(client_for(brand, user=who.user).get("/achievements/"))
    assert f"Regular through 31 Dec {clock.now().year}" in page
    assert "three Done" in page
    assert "1 of 2 stamps" in page, "the third stamp is on a new card"


def test_a_member_reads_it_in_dutch(brand: Brand, client_for: ClientFor) -> None:
    who = cast.person(program(), language="nl")
    shop.send(shop.order(who.member, 10))
    client = client_for(brand, user=who.user)
    client.cookies["django_language"] = "nl"
    page = text_of(client.get("/achievements/"))
    assert "Koffiekaart" in page
    assert "Nog één en je krijgt 40 punten en een beloning." in page


def test_a_program_without_achievements_says_so_and_keeps_the_home_page_clear(
    brand: Brand, client_for: ClientFor
) -> None:
    who = cast.person(shop.program())
    client = client_for(brand, user=who.user)
    assert "Nothing to work towards yet" in text_of(client.get("/achievements/"))
    assert "All achievements" not in text_of(client.get("/"))
    assert "No leaderboards yet" in text_of(client.get("/leaderboards/"))


def test_a_challenge_is_shown_to_its_audience_and_in_its_time(brand: Brand) -> None:
    advance = {"kind": "advance", "achievement": "vips"}
    vips = challenge("vips", 5, audience={"kind": "tier", "ladder": "main", "any_of": ["vip"]})
    past = challenge("past", 5, schedule={"ends_at": "2020-01-01T00:00"})
    soon = challenge("soon", 5, schedule={"starts_at": "2999-01-01T00:00"}, visible={"starts_at": "2020-01-01T00:00"})
    effects = [advance, {**advance, "achievement": "past"}, {**advance, "achievement": "soon"}]
    rule = {"code": "more", "name": "More", "trigger": "order.paid", "effects": effects}
    made = program(challenges=[*DOCUMENT["challenges"], vips, past, soon], rules=[*DOCUMENT["rules"], rule])
    anna = shop.member()
    place = shop.place(anna, made)
    shop.send(shop.order(anna, 10))
    shown = {each.code: each for each in achievements_of(place).challenges}
    assert set(shown) == {"three", "soon"}
    assert shown["soon"].starts_at is not None
    assert shown["soon"].progress == 0
    assert {each.code for each in achievements_of(place, everything=True).challenges} == {
        "three",
        "vips",
        "past",
        "soon",
    }
    shop.send(shop.order(anna, 1500))
    assert "vips" in {each.code for each in achievements_of(place).challenges}


def ladder_of(made: Program, scores: dict[str, int]) -> dict[str, Member]:
    """Members with so many euros spent, who take part under the names given."""
    found = {}
    for name, euros in scores.items():
        who = shop.member(name)
        place = shop.place(who, made)
        shop.send(shop.order(who, euros))
        leaderboard_join(enrollment=place, name=f"Player {name}", actor=ACTOR)
        found[name] = who
    return found


def test_nobody_is_on_a_leaderboard_who_didnt_choose_to_be(brand: Brand, client_for: ClientFor) -> None:
    made = program()
    ladder_of(made, {"Ben": 100, "Cas": 200})
    who = cast.person(made)
    shop.send(shop.order(who.member, 500))
    client = client_for(brand, user=who.user)
    page = text_of(client.get("/leaderboards/"))
    assert "Player Cas" in page
    assert "Anna" not in page
    assert "Take part to see your place." in page
    assert client.post("/leaderboards/", {"name": "Silver Fox"}).status_code == 302
    page = text_of(client.get("/leaderboards/"))
    assert "Place 1 Silver Fox you 500 points" in page
    assert client.post("/leaderboards/leave/").status_code == 302
    assert "Silver Fox" not in text_of(client.get("/leaderboards/"))
    assert not LeaderboardPlayer.objects.filter(pk=who.enrollment.pk).exists()


def test_equal_scores_share_a_place_and_the_next_is_counted_on(brand: Brand) -> None:
    made = program(leaderboards=[{**DOCUMENT["leaderboards"][2], "size": 3}])
    people = ladder_of(made, {"Ben": 100, "Cas": 200, "Dan": 100, "Eva": 100, "Fay": 50})
    place = shop.place(people["Fay"], made)
    [board] = boards_of(place)
    assert [(each.rank, each.name) for each in board.rows] == [
        (1, "Player Cas"),
        (2, "Player Ben"),
        (2, "Player Dan"),
        (2, "Player Eva"),
    ]
    assert (board.my_rank, board.my_score) == (5, 50)


def test_test_members_and_suspended_ones_dont_appear(brand: Brand) -> None:
    made = program()
    people = ladder_of(made, {"Ben": 100, "Cas": 200, "Dan": 300})
    Member.objects.filter(pk=people["Cas"].pk).update(is_test=True)
    Member.objects.filter(pk=people["Dan"].pk).update(status="suspended")
    boards = {each.code: each for each in boards_of(shop.place(people["Ben"], made))}
    assert [each.name for each in boards["spenders"].rows] == ["Player Ben"]


def test_a_name_is_one_persons_and_isnt_ones_own(brand: Brand) -> None:
    made = program()
    anna, ben = (shop.place(shop.member(name), made) for name in ("Anna", "Ben"))
    leaderboard_join(enrollment=anna, name="  Silver   Fox ", actor=ACTOR)
    with pytest.raises(PlayerNameTaken):
        leaderboard_join(enrollment=ben, name="silver fox", actor=ACTOR)
    with pytest.raises(InvalidInput, match="isn’t your own"):
        leaderboard_join(enrollment=ben, name="BEN", actor=ACTOR)
    assert not LeaderboardPlayer.objects.filter(pk=ben.pk).exists()
    assert LeaderboardPlayer.objects.get(pk=anna.pk).name == "Silver Fox"


@pytest.mark.parametrize("name", ["", "ab", "x" * 25, "a@b.nl", "<b>fox</b>", "...", "fox\n\x00", "http://x.y"])
def test_a_name_that_cant_be_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        player_name_read(name)


@pytest.mark.parametrize("name", ["Silver Fox", "Zoë-2", "x.y", "Ünal 77", "李小龍人"])
def test_a_name_that_can_be_is_kept(name: str) -> None:
    assert player_name_read(name) == name


def test_a_refused_name_is_told_beside_the_field(brand: Brand, client_for: ClientFor) -> None:
    who = cast.person(program())
    answer = client_for(brand, user=who.user).post("/leaderboards/", {"name": "a@b.nl"})
    assert answer.status_code == 422
    assert "Use letters, digits, spaces, dots and dashes only." in text_of(answer)
    assert b'value="a@b.nl"' in answer.content


def test_whom_staff_hid_isnt_shown_and_leaving_and_coming_back_changes_nothing(brand: Brand) -> None:
    made = program()
    people = ladder_of(made, {"Ben": 100, "Cas": 200})
    place = shop.place(people["Cas"], made)
    player = LeaderboardPlayer.objects.get(pk=place.pk)
    player_moderate(player=player, name="Member 2", hidden=True, actor=shop.STAFF)
    assert shown(made, people["Ben"]) == ["Player Ben"]
    leaderboard_leave(enrollment=place, actor=ACTOR)
    leaderboard_leave(enrollment=place, actor=ACTOR)
    leaderboard_join(enrollment=place, name="Back again", actor=ACTOR)
    assert shown(made, people["Ben"]) == ["Player Ben"]
    player_moderate(player=player, name="Back again", hidden=False, actor=shop.STAFF)
    assert shown(made, people["Ben"]) == ["Back again", "Player Ben"]
    entry = AuditEntry.objects.filter(action="leaderboard.moderate").order_by("id").first()
    assert entry is not None
    assert entry.changes == {"name": ["Player Cas", "Member 2"], "hidden": [False, True]}


def shown(made: Program, who: Member) -> list[str]:
    boards = {each.code: each for each in boards_of(shop.place(who, made))}
    return [each.name for each in boards["spenders"].rows]
