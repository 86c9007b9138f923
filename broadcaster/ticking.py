"""The clockwork of sequences: puts the steps that are due, follows what was put."""


def tick() -> int:
    """Put every step that is due in a running sequence; how many people were looked at.

    Each step is put once, whoever ticks at the same time or dies in between.
    """
    raise NotImplementedError


def follow() -> int:
    """Move on whose message has left, failed or was withheld; how many moved."""
    raise NotImplementedError
