"""What each role may do on this floor."""

from collections.abc import Mapping

from optout.access import EVERYBODY, Role

_SUPPORT = EVERYBODY - {Role.MARKETER}
_SENDERS = frozenset({Role.MARKETER, Role.ADMIN})
_STAFF = frozenset({Role.COMPLIANCE, Role.ADMIN})

GRANTS: Mapping[str, frozenset[Role]] = {
    "teambox.view_contact": EVERYBODY,
    "teambox.add_contact": EVERYBODY - {Role.COMPLIANCE},
    "teambox.change_contact": EVERYBODY - {Role.COMPLIANCE},
    "teambox.delete_contact": frozenset({Role.ADMIN}),
    "teambox.bulk_contacts": _SENDERS,
    "teambox.export_contacts": _STAFF,
    "teambox.view_tag": EVERYBODY,
    "teambox.change_tag": frozenset({Role.ADMIN}),
    "teambox.delete_tag": frozenset({Role.ADMIN}),
    "teambox.view_contactattribute": EVERYBODY,
    "teambox.add_contactattribute": frozenset({Role.ADMIN}),
    "teambox.change_contactattribute": frozenset({Role.ADMIN}),
    "teambox.delete_contactattribute": frozenset({Role.ADMIN}),
    "teambox.view_segment": EVERYBODY,
    "teambox.add_segment": _SENDERS,
    "teambox.change_segment": _SENDERS,
    "teambox.delete_segment": _SENDERS,
    "teambox.view_note": EVERYBODY,
    "teambox.view_conversation": _SUPPORT,
    "teambox.view_line": _SUPPORT,
    "teambox.reply_conversation": frozenset({Role.AGENT, Role.ADMIN}),
    "teambox.view_cannedreply": _SUPPORT,
    "teambox.add_cannedreply": frozenset({Role.AGENT, Role.ADMIN}),
    "teambox.change_cannedreply": frozenset({Role.AGENT, Role.ADMIN}),
    "teambox.delete_cannedreply": frozenset({Role.AGENT, Role.ADMIN}),
    "teambox.view_smartreply": EVERYBODY,
    "teambox.add_smartreply": _SENDERS,
    "teambox.change_smartreply": _SENDERS,
    "teambox.delete_smartreply": _SENDERS,
    "teambox.view_smartreplycategory": EVERYBODY,
    "teambox.view_smartreplysettings": EVERYBODY,
    "teambox.view_smartreplyrun": _SUPPORT,
    "teambox.view_inboundevent": EVERYBODY,
    "teambox.retry_inboundevent": _STAFF,
}
