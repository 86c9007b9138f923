"""What a post to a connector costs: read, checked, stored, against a bare insert.

Both go over HTTP to the same gunicorn, through the same middleware, and write a row
into the same table. The bare view reads no JSON, looks nothing up, counts nothing
against a limit and hints no worker.
"""

import json
from collections.abc import Iterator

from bench.table import MICROSECONDS, Row, Target
from bench.timing import Variant, interleave
from bench.web import Call, Server, server
from connectors import building
from connectors.models import Connector, Run
from optout.actors import NOBODY

POSTS = 2_000
LEAST_POSTS = 200
_BODY = json.dumps(
    {
        "event": "unsubscribed",
        "customer": {"name": "Asha", "phone": "+34600111222", "email": "a@b.example"},
        "items": [{"sku": f"A-{number}", "count": number} for number in range(20)],
    }
).encode()
_JSON = {"Content-Type": "application/json", "Content-Length": str(len(_BODY))}


def lines(scale: float) -> Iterator[Row]:
    """One line: a post that is accepted."""
    count = max(int(POSTS * scale), LEAST_POSTS)
    shop = _connector()
    door = Call("POST", f"/hooks/connectors/{shop.token['token']}/", _JSON, _BODY)
    bare = Call("POST", f"/bare-post/{shop.pk}/", _JSON, _BODY)
    with server({}) as found:
        took = interleave(
            {
                "ours": Variant(lambda: _post(found, door, count), tidy=_forget),
                "bare": Variant(lambda: _post(found, bare, count), tidy=_forget),
            }
        )
    yield Row(
        "a post to a connector, accepted and stored",
        took["ours"] / count,
        took["bare"] / count,
        "a bare view that inserts one row",
        Target(2),
        MICROSECONDS,
    )
    shop.delete()


def _connector() -> Connector:
    """On, so that a worker is hinted each time; nobody works here."""
    made = building.create(name="Bench", actor=NOBODY)
    made.is_active, made.posts_per_minute = True, 1_000_000
    made.save()
    return made


def _post(found: Server, call: Call, count: int) -> None:
    found.take([call] * count, 202)


def _forget() -> None:
    Run.objects.all().delete()
