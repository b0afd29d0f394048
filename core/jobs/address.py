"""Which cluster jobs go to, and whether it answers; nothing here needs Ray."""

import importlib.util
import os
import socket

from core.errors import JobError

SETTING = "AIXCELL_CLUSTER"
"""Environment variable with the cluster's address, HOST:PORT."""
PORT = 6379
"""Where `ray start --head` answers unless told otherwise."""
KINDS = ("train", "predict")
"""What goes to the cluster; a fingerprint takes seconds and somebody waits for it."""
ANSWER_S = 5.0
"""A head node in the same building answers within milliseconds."""


def cluster() -> str:
    """Return the address of the cluster that jobs go to; empty: they run on this machine."""
    return _whole(os.environ.get(SETTING, ""))


def use(named: str) -> None:
    """Send the jobs of this process, and of those it starts, to the cluster at this address.

    JobError where nobody answers there.
    """
    check(_whole(named))
    os.environ[SETTING] = named


def check(where: str) -> None:
    """Raise JobError where Ray is not installed here, or nobody answers at this address."""
    host, _, port = where.rpartition(":")
    if not host or not port.isdigit():
        raise JobError(f"{where!r} is no address of a cluster; it looks like 192.0.2.7:{PORT}")
    if importlib.util.find_spec("ray") is None:
        raise JobError(
            f"the cluster at {where} needs the package Ray, which is not installed here; "
            "install it on every machine, in AIxCell's folder, with `pip install '.[cluster]'`"
        )
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER_S).close()
    except (OSError, OverflowError) as error:  # the latter for ports above 65535
        raise JobError(
            f"no cluster answers at {where} ({error}); start it there with `ray start --head`, "
            f"check the address, or leave out --cluster and {SETTING} to work on this machine"
        ) from error


def _whole(named: str) -> str:
    named = named.strip()
    return named if not named or ":" in named else f"{named}:{PORT}"
