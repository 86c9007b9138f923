"""The Teambox's pages, its polls and the door in, against bare views on one server.

gunicorn serves both with two workers, to four callers who keep their connections. The
bare view of a request executes the same statements by Django's plain cursor, in the
same transactions, and answers with as many bytes; who asks, by session, user and
permissions or by the API's key, is among the statements. What ours adds is reading and
writing HTML or JSON, the rules, and putting the statements together.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import count

from bench import statements, talks, web
from bench.statements import Script
from bench.table import A_SECOND, Note, Row
from bench.timing import Variant, interleave
from bench.traffic import Browser, Program, Request, ask
from bench.web import Call, Server

TURN, LEAST_TURN = 120, 8  # requests


def lines(scale: float) -> Iterator[Row | Note]:
    """A line for each kind of request."""
    found = talks.load(scale)
    statements.count_ids_apart()
    turn = max(int(TURN * min(scale, 1)), LEAST_TURN)
    # One after the other: what people write changes what pages show.
    yield from _lines_of(Browser(found).requests(), turn)
    yield from _lines_of(Program(found).requests(), turn)


def _lines_of(requests: Iterable[Request], turn: int) -> Iterator[Row]:
    scripts = {
        each: [_noted(each, number) for number in range(each.people)]
        for each in requests
    }
    named = {each.name: some for each, some in scripts.items()}
    with web.server(named) as server:
        for each, some in scripts.items():
            yield _line(server, each, some[0], turn)


def _line(server: Server, request: Request, script: Script, turn: int) -> Row:
    numbers = count()

    def take(call: Callable[[int], Call]) -> None:
        calls = [call(next(numbers)) for _ in range(turn)]
        server.take(calls, request.status)

    bare = partial(_bare, request)
    seconds = interleave(
        {
            "ours": Variant(partial(take, request.call), prepare=request.prepare),
            "bare": Variant(partial(take, bare), prepare=request.prepare),
        }
    )
    return Row(
        f"{request.what}; {len(script.statements)} statements",
        seconds["ours"] / turn,
        seconds["bare"] / turn,
        "a bare view with the same",
        request.target,
        A_SECOND,
    )


def _bare(request: Request, number: int) -> Call:
    ours = request.call(number)
    path = f"/bare/{request.name}/{number % request.people}/"
    return Call(ours.method, path, ours.headers, ours.body)


def _noted(request: Request, number: int) -> Script:
    """What a request executes once nothing has to be made or remembered any more."""
    if number == 0:
        ask(request.call(number))
    request.prepare()
    call = request.call(number)
    with statements.noted() as found:
        response = ask(call)
    if response.status_code != request.status:
        raise RuntimeError(f"{response.status_code} for {call.path}")
    return Script(
        tuple(found),
        response.status_code,
        response.content,
        response.headers.get("Content-Type", ""),
        json.loads(call.body)["message_id"] if call.body else "",
    )
