"""The Django admin of this floor."""

from teambox.admin import contacts, conversations, inbound, smart_replies

__all__ = ["contacts", "conversations", "inbound", "smart_replies"]
