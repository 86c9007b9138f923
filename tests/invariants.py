"""`manage.py check_invariants` for tests: call it after each fault and each story."""

from optout import invariants


def assert_invariants_hold(*names: str) -> None:
    """Fail naming each invariant that does not hold, with the rows that break it."""
    broken = [found for found in invariants.check(names) if not found.holds]
    told = [f"{one.invariant.guarantee} {one.shown}" for one in broken]
    assert not told, "\n".join(told)
