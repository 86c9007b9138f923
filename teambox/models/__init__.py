"""The tables of this floor: what came in, and whom we know."""

from teambox.models.canned_reply import CannedReply
from teambox.models.contact import (
    AttributeKind,
    Contact,
    ContactAddress,
    ContactAttribute,
    Note,
    Tag,
)
from teambox.models.conversation import (
    PREVIEW_CHARS,
    Conversation,
    ConversationState,
    Line,
    LineKind,
)
from teambox.models.inbound import EventState, InboundEvent, InboundOutcome

__all__ = [
    "PREVIEW_CHARS",
    "AttributeKind",
    "CannedReply",
    "Contact",
    "ContactAddress",
    "ContactAttribute",
    "Conversation",
    "ConversationState",
    "EventState",
    "InboundEvent",
    "InboundOutcome",
    "Line",
    "LineKind",
    "Note",
    "Tag",
]
