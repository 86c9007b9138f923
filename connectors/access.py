"""What each role may do on this floor."""

from collections.abc import Mapping

from optout.access import EVERYBODY, Role

_SENDERS = frozenset({Role.MARKETER, Role.ADMIN})

# Switching on, running and retrying ask for `optout.send_messages` too.
GRANTS: Mapping[str, frozenset[Role]] = {
    "connectors.view_connector": EVERYBODY - {Role.AGENT},
    "connectors.add_connector": _SENDERS,
    "connectors.change_connector": _SENDERS,
    "connectors.delete_connector": _SENDERS,
    "connectors.export_connector": _SENDERS,
    "connectors.view_run": EVERYBODY - {Role.AGENT},
    "connectors.retry_run": _SENDERS,
}
