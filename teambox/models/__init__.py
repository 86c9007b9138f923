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
from teambox.models.segment import Segment
from teambox.models.smart_reply import (
    ANSWER_CHARS,
    NAME_CHARS,
    PHRASE_CHARS,
    Silence,
    SmartReply,
    SmartReplyAction,
    SmartReplyCategory,
    SmartReplyRun,
    SmartReplySettings,
)

__all__ = [
    "ANSWER_CHARS",
    "NAME_CHARS",
    "PHRASE_CHARS",
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
    "Silence",
    "SmartReply",
    "SmartReplyAction",
    "SmartReplyCategory",
    "SmartReplyRun",
    "SmartReplySettings",
    "Segment",
    "Tag",
]
