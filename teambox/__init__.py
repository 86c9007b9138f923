"""The middle floor: contacts, conversations and what people write to us."""
