"""Transports: one file per kind of channel, `base` is what they share."""

from importlib import import_module
from pkgutil import iter_modules


def load_all() -> None:
    """Import every transport of this folder, so that its kind is registered."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
