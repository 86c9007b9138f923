"""The tables of the ground floor."""

from optout.models.access import ApiKey, IdempotentRequest
from optout.models.bulk_removal import BulkRemoval, RemovalState
from optout.models.channel import (
    ALL_CHANNELS,
    Channel,
    active_channels,
    connected_channels,
)
from optout.models.delivery import DeliveryEvent, DeliveryState, WebhookDelivery
from optout.models.entry import (
    GUARDED_REASONS,
    Entry,
    Hold,
    HoldState,
    LiftReason,
    Reason,
    Source,
    live_entries,
)
from optout.models.hours import EVERY_DAY, MIDNIGHT, SendingHours
from optout.models.import_job import (
    MOVING,
    ImportedKey,
    ImportJob,
    ImportProblem,
    ImportState,
)
from optout.models.ledger import LedgerDetail, LedgerEvent, LedgerKind
from optout.models.lists import (
    Keyword,
    KeywordRole,
    ListState,
    OptOutList,
    default_list,
    live_lists,
    replacement_of,
    resolve,
)
from optout.models.message import (
    MARKETING,
    OPTOUT_NUMBER,
    BatchState,
    Content,
    ErrorCode,
    MessageState,
    OutgoingBatch,
    OutgoingMessage,
    Purpose,
)
from optout.models.sandbox import SandboxMessage
from optout.models.workspace import Workspace

__all__ = [
    "ALL_CHANNELS",
    "GUARDED_REASONS",
    "MARKETING",
    "MIDNIGHT",
    "MOVING",
    "OPTOUT_NUMBER",
    "ApiKey",
    "BatchState",
    "BulkRemoval",
    "Channel",
    "Content",
    "DeliveryEvent",
    "DeliveryState",
    "EVERY_DAY",
    "Entry",
    "ErrorCode",
    "Hold",
    "HoldState",
    "IdempotentRequest",
    "ImportJob",
    "ImportProblem",
    "ImportState",
    "ImportedKey",
    "Keyword",
    "KeywordRole",
    "LedgerDetail",
    "LedgerEvent",
    "LedgerKind",
    "LiftReason",
    "ListState",
    "MessageState",
    "OptOutList",
    "OutgoingBatch",
    "OutgoingMessage",
    "Purpose",
    "Reason",
    "RemovalState",
    "SandboxMessage",
    "SendingHours",
    "Source",
    "WebhookDelivery",
    "Workspace",
    "active_channels",
    "connected_channels",
    "default_list",
    "live_entries",
    "live_lists",
    "replacement_of",
    "resolve",
]
