"""Named moments at which a child process kills itself, so that each window is hit.

`FAULTS_CRASH_AT=after_accept:7` is kill -9 of the process right after the provider
took the seventh message, before that is written down.
"""

import os
import re
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any, Protocol

CRASH_VARIABLE = "FAULTS_CRASH_AT"
MARK_VARIABLE = "FAULTS_CRASHED_FILE"

Hit = Callable[[], None]


class Point(Protocol):
    """A moment that can be hit."""

    def watch(self, hit: Hit) -> None:
        """Have `hit` called each time the moment comes."""


@dataclass(frozen=True)
class Call:
    """Around a function, named `module:name` or `module:Class.name`."""

    target: str

    def replace(self, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        module_name, _, path = self.target.partition(":")
        *holders, name = path.split(".")
        place: Any = import_module(module_name)
        for holder in holders:
            place = getattr(place, holder)
        right = getattr(place, name)
        setattr(place, name, wraps(right)(make(right)))


class Before(Call):
    """Called, and nothing done yet."""

    def watch(self, hit: Hit) -> None:
        def make(right: Callable[..., Any]) -> Callable[..., Any]:
            def first_hit(*args: Any, **kwargs: Any) -> Any:
                hit()
                return right(*args, **kwargs)

            return first_hit

        self.replace(make)


class After(Call):
    """Done, and its caller knows nothing yet."""

    def watch(self, hit: Hit) -> None:
        def make(right: Callable[..., Any]) -> Callable[..., Any]:
            def then_hit(*args: Any, **kwargs: Any) -> Any:
                result = right(*args, **kwargs)
                hit()
                return result

            return then_hit

        self.replace(make)


@dataclass(frozen=True)
class Statement:
    """A statement that matches was executed, and its transaction is still open."""

    pattern: str

    def watch(self, hit: Hit) -> None:
        from django.db import connection
        from django.db.backends.signals import connection_created

        wanted = re.compile(self.pattern, re.IGNORECASE | re.DOTALL)

        def wrapper(
            execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
        ) -> Any:
            result = execute(sql, params, many, context)
            if wanted.search(str(sql)):
                hit()
            return result

        def install(connection: Any, **_: Any) -> None:
            connection.execute_wrappers.append(wrapper)

        connection_created.connect(install, weak=False)
        connection.execute_wrappers.append(wrapper)


POINTS: Mapping[str, Point] = {
    # A sender
    "before_mark_is_committed": Statement(r"UPDATE \S*optout_outgoingbatch\S* SET"),
    "after_mark": After("optout.handover:claim"),
    "before_call": Before("tests.faults.provider:FileProvider.send"),
    "after_accept": After("tests.faults.provider:FileProvider.send"),
    "after_result": After("optout.handover:record_sent"),
    # An opt-out
    "before_opt_out_is_committed": Statement(r"INSERT INTO \S*optout_entry"),
    # What Django does "on commit" comes after it: a crash here skips it.
    "after_commit": After("django.db.backends.base.base:BaseDatabaseWrapper.commit"),
    "before_barrier": Before("optout.barrier:wait_for_sends"),
    # A webhook
    "before_post": Before("optout.egress:Client.post"),
    "after_answer": After("optout.egress:Client.post"),
    # An inbound event
    "before_event_is_committed": Statement(r"INSERT INTO \S*teambox_inboundevent"),
    "before_event_is_handled": Before("teambox.keyword_requests:handle"),
    "after_event_is_handled": After("teambox.keyword_requests:handle"),
    # A tick of a sequence
    "inside_a_tick": Statement(r"INSERT INTO \S*broadcaster_enrolmentstep"),
    # An audience, and a list that is deleted
    "inside_a_chunk": After("optout.outbox:put_many"),
    "between_chunks": After("broadcaster.preparing:_put_chunk"),
    "inside_a_move": Statement(r"UPDATE \S*optout_entry\S* SET"),
}


def install() -> None:
    """Let this process die at the point its environment names, if it names one."""
    name, _, turn = os.environ.get(CRASH_VARIABLE, "").partition(":")
    if not name:
        return
    turns = count(1)

    def hit() -> None:
        if next(turns) == int(turn or 1) and _is_first():
            os.kill(os.getpid(), signal.SIGKILL)

    POINTS[name].watch(hit)


def _is_first() -> bool:
    """One crash a test: what starts after it, in the same environment, lives."""
    try:
        Path(os.environ[MARK_VARIABLE]).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
