"""The tables of this floor: what is sent to many, and to whom."""

from broadcaster.models.broadcast import (
    EDITABLE,
    SCHEDULED,
    STATUS_LABELS,
    AudienceKind,
    Broadcast,
    ProgressPoint,
    Stage,
    all_broadcasts,
    random_path,
)
from broadcaster.models.sequence import (
    EndReason,
    Enrolment,
    EnrolmentJob,
    EnrolmentSource,
    EnrolmentState,
    EnrolmentStep,
    ReEnrolment,
    Sequence,
    Step,
    all_sequences,
    live_steps,
)

__all__ = [
    "EDITABLE",
    "SCHEDULED",
    "STATUS_LABELS",
    "AudienceKind",
    "Broadcast",
    "EndReason",
    "Enrolment",
    "EnrolmentJob",
    "EnrolmentSource",
    "EnrolmentState",
    "EnrolmentStep",
    "ProgressPoint",
    "ReEnrolment",
    "Sequence",
    "Stage",
    "Step",
    "all_broadcasts",
    "all_sequences",
    "live_steps",
    "random_path",
]
