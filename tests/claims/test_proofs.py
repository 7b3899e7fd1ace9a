"""Files are looked into and written anew; what shows the same is marked, whoever sent it."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from claims.errors import FileRefused
from claims.links import link_key, link_read
from claims.models import Claim, ClaimDouble
from claims.pictures import MAX_FILE, MAX_SIDE, NEAR, Upload, upload_read
from claims.selectors import doubled, doubles_of
from core.errors import InvalidInput
from tenants.models import Brand
from tests.claims import cast
from tests.loyalty import cast as people

PLACE = 0x8825  # EXIF's GPS part


@pytest.fixture
def anna(brand: Brand) -> people.Person:
    return people.person(cast.program())


@pytest.fixture
def bob(anna: people.Person) -> people.Person:
    return people.person(anna.enrollment.program, "Bob")


def kinds(claim: Claim) -> set[str]:
    return set(ClaimDouble.objects.filter(claim=claim).values_list("kind", flat=True))


def located() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "Secret Maker"
    exif[0x0112] = 6  # turned by a quarter
    exif.get_ifd(PLACE)[1] = "N"
    return cast.picture(3, size=(300, 200), exif=exif)


def test_nothing_rides_along_in_a_picture_and_it_stands_upright() -> None:
    sent = located()
    assert b"Secret Maker" in sent
    kept = upload_read(sent, kind="photo")
    assert b"Secret Maker" not in kept.content
    assert (kept.width, kept.height) == (200, 300)
    with Image.open(BytesIO(kept.content)) as seen:
        assert dict(seen.getexif()) == {}


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_pictures_of_three_kinds_become_one(form: str) -> None:
    kept = upload_read(cast.picture(2, form=form), kind="photo")
    assert kept.media_type == "image/jpeg"
    assert kept.content.startswith(b"\xff\xd8\xff")


def test_a_large_picture_is_made_smaller() -> None:
    kept = upload_read(cast.picture(2, size=(3600, 1200)), kind="photo")
    assert (kept.width, kept.height) == (MAX_SIDE, MAX_SIDE // 3)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", "photo"),
        (b"<svg onload='alert(1)'/>", "photo"),
        (b"GIF89a" + b"0" * 40, "photo"),
        (b"\xff\xd8\xff" + b"0" * 200, "photo"),
        (cast.picture(1)[:900], "photo"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 64, "photo"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 " + b"\x00" * 64, "photo"),
        (b"%PDF-1.4 \n%%EOF", "photo"),
        (b"%PDF-1.4 cut off", "receipt"),
        (b"MZ\x90\x00", "receipt"),
        (b"\xff\xd8\xff" + b"0" * MAX_FILE, "receipt"),
    ],
)
def test_what_is_no_picture_is_refused_whatever_it_is_called(raw: bytes, kind: str) -> None:
    with pytest.raises(FileRefused) as refused:
        upload_read(raw, kind=kind)
    assert refused.value.field == kind


def test_a_picture_with_too_many_pixels_is_refused_before_it_is_unpacked() -> None:
    made = BytesIO()
    Image.new("1", (20_000, 20_000)).save(made, "PNG")
    assert len(made.getvalue()) < 100_000
    with pytest.raises(FileRefused, match="pixels"):
        upload_read(made.getvalue(), kind="photo")


@given(
    st.binary(max_size=400), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF0000WEBP", b"%PDF-"])
)
def test_any_bytes_are_a_file_or_a_refusal(rest: bytes, head: bytes) -> None:
    try:
        kept = upload_read(head + rest, kind="receipt")
    except FileRefused:
        return
    assert kept.media_type in ("image/jpeg", "application/pdf")


def test_a_pdf_is_kept_as_it_came() -> None:
    raw = b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\n"
    kept = upload_read(raw, kind="receipt")
    assert (kept.content, kept.media_type, kept.picture_hash) == (raw, "application/pdf", None)


@pytest.mark.parametrize(
    "again",
    [
        "http://www.instagram.com/Anna/",
        "instagram.com/Anna?igsh=x1&utm_source=mail",
        "https://INSTAGRAM.com/Anna#top",
        "https://m.instagram.com/Anna",
    ],
)
def test_two_ways_to_write_an_address_are_one(again: str) -> None:
    assert link_key(link_read(again)) == link_key(link_read("https://instagram.com/Anna"))


@pytest.mark.parametrize(
    "other", ["https://instagram.com/bob", "https://instagram.org/Anna", "https://instagram.com/Anna?p=2"]
)
def test_other_addresses_are_other_ones(other: str) -> None:
    assert link_key(link_read(other)) != link_key(link_read("https://instagram.com/Anna"))


@given(st.text(max_size=60))
def test_any_text_is_a_link_or_a_refusal(text: str) -> None:
    try:
        kept = link_read(text)
    except InvalidInput:
        return
    assert kept.lower().startswith(("http://", "https://"))
    assert len(link_key(kept)) == 64


@pytest.mark.django_db
def test_the_same_link_of_another_member_is_marked_on_both(anna: people.Person, bob: people.Person) -> None:
    first = cast.follows(anna.enrollment)
    second = cast.follows(bob.enrollment, link="http://www.instagram.com/anna/?igshid=1")
    assert kinds(second) == {"link"}
    assert doubles_of(first) == [(second, "link")]
    assert doubles_of(second) == [(first, "link")]
    assert doubled([first.pk, second.pk]) == {first.pk, second.pk}


@pytest.mark.django_db
def test_the_same_file_and_nearly_the_same_picture_are_marked(anna: people.Person, bob: people.Person) -> None:
    def send(who: people.Person, raw: bytes) -> Claim:
        file = upload_read(raw, kind="receipt")
        return cast.receipt(who.enrollment, number=f"N{Claim.objects.count()}", file=file)

    first = send(anna, cast.picture(1))
    assert kinds(send(bob, cast.picture(1))) == {"file"}
    assert "picture" in kinds(send(bob, cast.picture(1, size=(500, 375), quality=40)))
    assert kinds(send(anna, cast.picture(7))) == set()
    assert {kind for _other, kind in doubles_of(first)} == {"file", "picture"}


@pytest.mark.django_db
def test_the_same_number_shop_and_amount_are_marked_however_they_are_typed(
    anna: people.Person, bob: people.Person
) -> None:
    cast.receipt(anna.enrollment, "AB-12", "Main Street", 1250)
    assert kinds(cast.receipt(bob.enrollment, "ab 12", "main street.", 1250)) == {"fields"}
    assert kinds(cast.receipt(bob.enrollment, "AB-12", "Main Street", 1251)) == set()
    assert kinds(cast.receipt(bob.enrollment, "AB-12", "Other Street", 1250)) == set()


@pytest.mark.django_db
def test_plain_pictures_are_not_taken_for_each_other(anna: people.Person) -> None:
    for colour in ("white", "black"):
        made = BytesIO()
        Image.new("RGB", (90, 80), colour).save(made, "PNG")
        assert upload_read(made.getvalue(), kind="photo").picture_hash is None


def test_saving_anew_moves_fewer_bits_than_another_picture_does() -> None:
    def bits(upload: Upload) -> int:
        assert upload.picture_hash is not None
        return upload.picture_hash & (1 << 64) - 1

    for seed in range(1, 9):
        one = bits(cast.photo(seed))
        small = bits(cast.photo(seed, size=(320, 240), quality=50))
        assert (one ^ small).bit_count() <= NEAR
        assert (one ^ bits(cast.photo(seed + 11))).bit_count() > NEAR
