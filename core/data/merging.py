"""What one step changed in an image's record, done again on the record as others left it."""

from dataclasses import fields, replace
from typing import Any

from core.records import ImageRecord


def carried(before: ImageRecord, after: ImageRecord, now: ImageRecord) -> ImageRecord:
    """Return `now` with what differs between `before` and `after`.

    What somebody else changed since `before` stays as they left it.
    """
    changed: dict[str, Any] = {
        name: value
        for name in (each.name for each in fields(ImageRecord))
        if (value := getattr(after, name)) != getattr(before, name)
        and getattr(now, name) == getattr(before, name)
    }
    told = {
        name: value
        for name, value in after.facts.items()
        if now.facts.get(name) == before.facts.get(name)
    }
    return replace(now, **{**changed, "facts": now.facts | told})
