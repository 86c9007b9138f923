"""Files that are no audience, at each door that takes one: page, body, form."""

import gzip
import io
import re
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from broadcaster.models import Broadcast
from optout.models import Channel, ImportJob, default_list
from tests.factories import ASHA
from tests.hostile.doors import Visitor, refused_by_api, refused_by_form

pytestmark = pytest.mark.django_db

MEGABYTE = 1024 * 1024
ENTITY = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'


def packed(name: str, content: bytes) -> bytes:
    """A zip file, as a spreadsheet is one."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


BAD_FILES = {  # 53, 54
    "gzip bomb": gzip.compress(b"number\n" + b"0" * 20 * MEGABYTE),
    "xlsx bomb": packed("xl/worksheets/sheet1.xml", b"0" * 20 * MEGABYTE),
    "xlsx with an external entity": packed("xl/sharedStrings.xml", ENTITY),
    "zip that climbs out": packed("../../../x.csv", b"number\n+34600111222"),
    "old Excel": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512,
    "program": b"MZ\x90\x00\x03\x00\x00\x00\x04\x00",
    "PDF": b"%PDF-1.7\n1 0 obj",
    "NUL far inside": b"number\n" + b"+34600111222\n" * 1000 + b"\0",
    "half UTF-16": "number\n+34600111222".encode("utf-16")[:-1] + b"\xd8",
    "nothing": b"",
    "a byte order mark": b"\xef\xbb\xbf",
    "blank lines": b"\r\n\r\n;;;\r\n",
    "header only": b"number,name\r\n",
    "two alike headers": b"number,name,NAME\n+34600111222,a,b",
    "10,000 columns": b"number" + b",c" * 10_000 + b"\n+34600111222",
    "one long line": b"number\n" + b"1" * 5 * MEGABYTE,
    "an open quote": b'number,name\n+34600111222,"Ana\n' + b"x\n" * 100_000,
    "a quote that goes on": b'number,name\n+34600111222,"Ana"x',
    "no addresses": b"name,city\nAna,Cadiz",
}
NAMES = {  # 54: what is asked for → what is kept of it
    "../../x.csv": "x.csv",
    "..\\..\\x.csv": "x.csv",
    "/etc/passwd": "passwd",
    "program.exe": "program.exe",
    "a\r\nSet-Cookie: b.csv": "a\r\nSet-Cookie: b.csv",
    "<script>alert(1)</script>.csv": "script>.csv",
    "x" * 300 + ".csv": None,
}


@pytest.fixture
def draft(visitor: Visitor, phone: Channel) -> int:
    body = {"name": "Sale", "channel_id": 900, "text": "Sale! Reply STOP to opt out."}
    body["opt_out_lists"] = [default_list().pk]
    return int(visitor.program.post("/api/v1/broadcasts/", body).json()["id"])


def by_page(visitor: Visitor, draft: int, data: bytes, name: str = "x.csv") -> set[str]:
    url = reverse("broadcast-recipients", args=[draft])
    sent = {"file": SimpleUploadedFile(name, data)}
    return refused_by_form(visitor.browser.post(url, sent))


def by_body(visitor: Visitor, draft: int, data: bytes) -> set[str]:
    url = reverse("api-recipients", args=[draft])
    return refused_by_api(visitor.program.generic("POST", url, data, "text/csv"))


def by_form(visitor: Visitor, draft: int, data: bytes) -> set[str]:
    url = reverse("api-recipients", args=[draft])
    sent = {"file": SimpleUploadedFile("x.csv", data)}
    return refused_by_api(visitor.program.post(url, sent, format="multipart"))


@pytest.mark.parametrize("data", BAD_FILES.values(), ids=BAD_FILES)
def test_each_door_refuses_it_and_keeps_the_recipients_before(
    visitor: Visitor, draft: int, data: bytes
) -> None:
    assert not by_body(visitor, draft, b"number\n" + ASHA.encode())
    assert by_page(visitor, draft, data) == {"file"}
    for door in (by_body, by_form):
        assert len(door(visitor, draft, data) & {"recipients", "file"}) == 1, door
    found = Broadcast.objects.get()
    assert (found.file_name, found.rows_read) == ("API", 1)


NO_IMPORT = {name: data for name, data in BAD_FILES.items() if name != "no addresses"}


@pytest.mark.parametrize("data", NO_IMPORT.values(), ids=NO_IMPORT)
@pytest.mark.parametrize("place", ["list-import", "contacts-import"])
def test_an_import_refuses_it_and_keeps_nothing(
    visitor: Visitor, place: str, data: bytes
) -> None:
    args = [default_list().pk] if place == "list-import" else []
    sent = {"file": SimpleUploadedFile("x.csv", data)}
    answer = visitor.browser.post(reverse(place, args=args), sent)
    assert refused_by_form(answer) == {"file"}
    assert not ImportJob.objects.exists()


@pytest.mark.parametrize("data", ["", "%00", "a=b", "file=number"])
@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "text/html", ""])
def test_a_broken_form_is_refused(
    visitor: Visitor, draft: int, kind: str, data: str
) -> None:
    url = reverse("api-recipients", args=[draft])
    answer = visitor.program.generic("POST", url, data, kind)
    assert answer.status_code in (400, 415)


@pytest.mark.parametrize(("name", "kept"), NAMES.items(), ids=range(len(NAMES)))
def test_a_files_name_never_chooses_its_place(
    visitor: Visitor, draft: int, name: str, kept: str | None
) -> None:
    before = set(Path(configured.BASE_DIR).glob("*"))
    assert not by_page(visitor, draft, b"number\n" + ASHA.encode(), name)
    found = Broadcast.objects.get()
    root = Path(configured.MEDIA_ROOT).resolve()
    assert root in Path(found.recipients.path).resolve().parents
    assert re.fullmatch(r"[\w/-]+\.csv", found.recipients.name)
    assert set(Path(configured.BASE_DIR).glob("*")) == before
    if kept and kept.isprintable():
        assert found.file_name == kept


def test_the_same_rows_and_the_same_file_again_are_one_audience(  # 54
    visitor: Visitor, draft: int
) -> None:
    rows = f"number\n{ASHA}\n{ASHA}\n00{ASHA[1:]}\n".encode()
    for _ in range(2):
        assert not by_body(visitor, draft, rows)
    found = Broadcast.objects.get()
    assert (found.rows_read, found.rows_duplicate) == (3, 2)
    assert found.batch.messages.count() == 1


@pytest.mark.parametrize(
    "data",
    [
        "number;name\r\n+34600111222;Zoé\n\r+34600111333;Ana\r".encode(),
        "number,name\n+34600111222,Zoé".encode("utf-16-be"),
        "number,name\n+34600111222,Zo\x81".encode("latin-1"),
        b'number,name\n"+34600111222","=HYPERLINK(""x"")"\n',
    ],
)
def test_an_odd_file_that_can_be_read_is_read(
    visitor: Visitor, draft: int, data: bytes
) -> None:
    if data.startswith(b"\0"):
        data = b"\xfe\xff" + data
    assert not by_body(visitor, draft, data)
    assert ASHA in Broadcast.objects.get().batch.messages.values_list(
        "address", flat=True
    )


class Endless(io.RawIOBase):
    """A body that is made while it is read; it is never whole in memory."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        """So many bytes of one line."""
        piece = min(self.left, MEGABYTE if size < 0 else size)
        self.left -= piece
        return b"1" * piece


def test_a_huge_body_never_stands_in_memory(visitor: Visitor, draft: int) -> None:
    url, size = reverse("api-recipients", args=[draft]), 64 * MEGABYTE
    environ: dict[str, Any] = {"wsgi.input": Endless(size), "CONTENT_LENGTH": str(size)}
    tracemalloc.start()
    try:
        answer = visitor.program.generic("POST", url, b"", "text/csv", **environ)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused_by_api(answer) == {"recipients"}
    assert peak < 16 * MEGABYTE


def test_any_bytes_are_an_audience_or_a_refusal(visitor: Visitor, draft: int) -> None:
    numbers = st.lists(st.sampled_from([ASHA, "+1", "x", '"', ";", "\0"])).map(",".join)
    lines = st.lists(numbers | st.text(max_size=20)).map("\n".join)
    texts = lines.map(lambda text: f"number,name\n{text}".encode())

    @profile(
        max_examples=30,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.binary(max_size=200) | texts)
    def check(data: bytes) -> None:
        assert by_body(visitor, draft, data) <= {"recipients", "file"}

    check()
