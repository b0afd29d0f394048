"""Who works here: the name that stands beside labels, checks and imports."""

import getpass
from collections.abc import Callable

_ASKED: list[Callable[[], str]] = []
"""At most one: the screen's way of knowing who sits before it."""


def author() -> str:
    """Return who works here: as the screen knows them, else as the system does."""
    for who in _ASKED:
        if told := who():
            return told
    return account()


def account() -> str:
    """Return the name of the account; empty where there is none, e.g. in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def ask(who: Callable[[], str]) -> None:
    """Let `who` tell the person at work; empty: it does not know, the account's name stands.

    Several people may share one dashboard, and with it one account.
    """
    _ASKED[:] = [who]
