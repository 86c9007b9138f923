"""Audience files of any dialect are read; a hostile one is refused by name."""

from io import BytesIO

import pytest

from broadcaster import audiences
from broadcaster.audiences import Audience, Layout, Left, Role
from optout import csv_files, csv_tables
from optout.addresses import AddressKind
from optout.csv_files import BadFile
from optout.outbox import Recipient


def examine(data: bytes, kind: AddressKind = AddressKind.PHONE) -> Audience:
    return audiences.examine(BytesIO(data), kind=kind, region=None)


def read(data: bytes, kind: AddressKind = AddressKind.PHONE, names=("name",)):
    found = examine(data, kind)
    layout = Layout(found.columns, found.mapping, kind, names=names)
    return list(audiences.read_rows(BytesIO(data), found.dialect, layout))


def sent_to(data: bytes, kind: AddressKind = AddressKind.PHONE) -> list[tuple]:
    rows = read(data, kind)
    return [(r.address, r.variables) for r in rows if isinstance(r, Recipient)]


ZOE = [("+34600111222", {"name": "Zoé"})]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_delimiter_is_read(delimiter):
    rows = [["name", "mobile"], ["Zoé", "+34600111222"]]
    assert sent_to("\n".join(map(delimiter.join, rows)).encode()) == ZOE


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_every_encoding_is_read(encoding):
    assert sent_to("name,mobile\nZoé,+34600111222".encode(encoding)) == ZOE


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_read(end):
    assert sent_to(end.join(["mobile,name", "+34600111222,Zoé"]).encode()) == ZOE


@pytest.mark.parametrize(
    "header",
    ["Number", "PHONE", "Teléfono", "Móvil", "Handynummer", "電話番号", "телефон"],
)
def test_a_number_column_is_known_in_many_languages(header):
    found = examine(f"x,{header}\n1,+34600111222".encode())
    assert list(found.mapping.values()) == [Role.VARIABLE, Role.NUMBER]


@pytest.mark.parametrize(
    "header", ["E-Mail", "Correo electrónico", "courriel", "メール", "email_address"]
)
def test_an_email_column_is_known_in_many_languages(header):
    found = examine(f"{header},x\na@b.org,1".encode(), AddressKind.EMAIL)
    assert list(found.mapping.values()) == [Role.EMAIL, Role.VARIABLE]


def test_a_column_without_a_known_name_is_found_by_what_stands_in_it():
    found = examine(b"who,reach\nAna,+34600111222\nBo,+34600111333")
    assert found.mapping["reach"] == Role.NUMBER


def test_columns_become_variable_names():
    found = examine("Número,First name,2nd-choice,имя\n+34600111222,a,b,c".encode())
    assert found.columns == ["numero", "first_name", "_2nd_choice", "column_4"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"\n\n  \n", "empty_file"),
        (b",,,\n,,,", "empty_file"),
        (b"number,name", "no_rows"),
        (b"number,Name,NAME\n+34600111222,a,b", "duplicate_column"),
        (b"name,city\nAna,Cadiz", "no_address_column"),
        (b'number,name\n+34600111222,"Ana', "broken_csv"),
        (b'number,name\n+34600111222,"Ana"x', "broken_csv"),
        (b"number\n+346001\x0011222", "not_text"),
        (b"MZ\x90\x00\x03\x00\x00\x00", "not_text"),
        (b"PK\x03\x04 a spreadsheet", "not_text"),
        (b"\x1f\x8b\x08 packed", "not_text"),
        (b"\xff\xfen\x00u\x00\x00", "not_text"),
        (b"number,name\n+34600111222," + b"a" * 1001, "cell_too_long"),
        (b"number,name\n" + b"a" * 250_000, "line_too_long"),
        (b"number," + b",".join(b"c%d" % i for i in range(64)), "too_many_columns"),
    ],
)
def test_a_bad_file_is_refused_by_name(data, code):
    with pytest.raises(BadFile) as caught:
        examine(data)
    assert caught.value.code == code


def test_a_file_with_too_many_rows_is_refused(monkeypatch):
    monkeypatch.setattr(csv_tables, "MAX_ROWS", 3)
    with pytest.raises(BadFile, match="At most 3 rows"):
        examine(b"number\n" + b"+34600111222\n" * 4)


def test_a_file_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(csv_files, "MAX_BYTES", 10)
    with pytest.raises(BadFile) as caught:
        examine(b"number\n+34600111222\n")
    assert caught.value.code == "too_large"


@pytest.mark.parametrize("mark", ["yes", "TRUE", "1", "x", "Sí", "2024-05-01"])
def test_a_marked_row_is_left_out(mark):
    rows = read(f"number,Unsubscribed\n+34600111222,{mark}".encode())
    assert [row.is_marked for row in rows] == [True]


@pytest.mark.parametrize("mark", ["", "no", "FALSE", "0", "-", "nein"])
def test_a_row_that_says_no_is_kept(mark):
    assert sent_to(f"number,opt-out\n+34600111222,{mark}".encode())


@pytest.mark.parametrize(
    "cell", ["+1", "-1", "=HYPERLINK(1)", "1.41556E+10", "", "＝1"]
)
def test_a_bad_address_is_left_with_row_number_and_raw_text(cell):
    row = read(f'number,name\n+34600111222,a\n"{cell}",b'.encode())[1]
    assert isinstance(row, Left)
    assert (row.number, row.raw, bool(row.reason)) == (3, cell, True)


def test_a_row_with_more_cells_than_the_header_is_left():
    rows = read(b"number,name\n+34600111222,Smith, Ana")
    assert [type(row) for row in rows] == [Left]


def test_a_row_of_our_own_export_is_read_again():
    assert sent_to(b'"address","name"\n"\'+34600111222","Z"')[0][0] == "+34600111222"


def test_pasted_addresses_are_parted_by_commas_semicolons_and_lines():
    file = audiences.pasted_file(
        "+34600111222, +34600111333;\n\n+34600111444", kind=AddressKind.PHONE
    )
    assert examine(file.read()).row_count == 3


def test_the_file_stays_open_for_its_owner():
    file = BytesIO(b"number\n+34600111222")
    audiences.examine(file, kind=AddressKind.PHONE, region=None)
    assert not file.closed
