"""Whether this process has been told to stop: pumps finish what they hold, no more."""

import mmap


class StopFlag:
    """Set in a process and in all that it forks, before or after.

    A worker is told to stop in its parent process, and works in forked ones. There is
    no lock in here that a killed process could keep.
    """

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 1)

    def set(self) -> None:
        """Stop."""
        self._shared[0] = 1

    def clear(self) -> None:
        """Go on."""
        self._shared[0] = 0

    def is_set(self) -> bool:
        """Whether to stop."""
        return self._shared[0] == 1


stopping = StopFlag()
