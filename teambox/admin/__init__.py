"""The Django admin of this floor."""

from teambox.admin import contacts, conversations, inbound

__all__ = ["contacts", "conversations", "inbound"]
