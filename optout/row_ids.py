"""Ids of rows as a stranger may type them into a URL or a form."""

MAX_DIGITS = 18  # below 2^63, the largest id that a database has


def read(text: str) -> int | None:
    """The id that a text is, in ASCII digits; None for what no row can have as its id.

    Other signs that are digits to Python (`²`, `٣`) and numbers of any length stand
    in no link of ours; converting or asking for them would raise.
    """
    is_id = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
    return int(text) if is_id else None
