"""What each role may do on this floor."""

from collections.abc import Mapping

from optout.access import EVERYBODY, Role

_SENDERS = frozenset({Role.MARKETER, Role.ADMIN})

# Launching asks for `optout.send_messages` as well, which the ground floor grants.
GRANTS: Mapping[str, frozenset[Role]] = {
    "broadcaster.view_broadcast": EVERYBODY - {Role.AGENT},
    "broadcaster.add_broadcast": _SENDERS,
    "broadcaster.change_broadcast": _SENDERS,
    "broadcaster.export_broadcast": EVERYBODY - {Role.AGENT},
    # Starting and enrolling ask for `optout.send_messages` too.
    "broadcaster.view_sequence": EVERYBODY - {Role.AGENT},
    "broadcaster.add_sequence": _SENDERS,
    "broadcaster.change_sequence": _SENDERS,
    # The contact panel shows a person's enrolments, and takes somebody out of one.
    "broadcaster.view_enrolment": EVERYBODY,
    "broadcaster.change_enrolment": EVERYBODY - {Role.COMPLIANCE},
}
