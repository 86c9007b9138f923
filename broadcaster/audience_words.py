"""An audience in words: whom a broadcast goes to, and what its rows are called."""

from dataclasses import dataclass

from broadcaster import contact_audiences, earlier_audiences
from broadcaster.models import AudienceKind, Broadcast


@dataclass(frozen=True, slots=True)
class Words:
    """`whom` in words; what its rows are called, and those that lead to no address."""

    whom: str
    rows: str
    invalid: str
    is_file: bool = False


def of(broadcast: Broadcast) -> Words:
    """How pages speak of a broadcast's audience."""
    address = "email" if broadcast.is_email else "number"
    without = f"Without {'an' if broadcast.is_email else 'a'} {address}"
    match broadcast.audience_kind:
        case AudienceKind.CONTACTS:
            whom = f"Contacts: {contact_audiences.described(broadcast.audience)}"
            return Words(whom, "Contacts", without)
        case AudienceKind.BROADCAST:
            whom = earlier_audiences.described(broadcast.audience)
            return Words(whom, "Recipients chosen", without)
    return Words(broadcast.file_name, "Rows in the file", "Invalid", is_file=True)
