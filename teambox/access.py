"""What each role may do on this floor."""

from collections.abc import Mapping

from optout.access import EVERYBODY, Role

GRANTS: Mapping[str, frozenset[Role]] = {
    "teambox.view_inboundevent": EVERYBODY,
    "teambox.retry_inboundevent": frozenset({Role.COMPLIANCE, Role.ADMIN}),
}
