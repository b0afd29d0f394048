"""File names that tell where a picture comes from: `{donor}_{treatment}_{*}`.

A pattern is plain text with named parts. A part holds one character or more, but never the text
that stands next to it in the pattern; `{*}` is anything, also nothing. It is turned into an
expression of our own: what a user writes is compared letter by letter, never run.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import TableError

_ANYTHING = "*"
_FIELD = re.compile(r"\{([^{}]*)\}")
_FIELD_NAME = re.compile(r"[^\W_][\w .-]{0,39}")
# A pattern that most names do not fit would be no help.
_LEAST_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A pattern that was read and can be compared with names."""

    text: str
    fields: tuple[str, ...]
    """The named parts in their order."""
    expression: re.Pattern[str]

    def told_by(self, name: str) -> dict[str, str] | None:
        """Return part -> text of a name without its suffix; None where the name does not fit."""
        found = self.expression.fullmatch(name)
        if found is None:
            return None
        told = {field: found.group(at) for at, field in enumerate(self.fields, start=1)}
        return {field: text.strip() for field, text in told.items()}


def pattern(text: str) -> Pattern:
    """Read a pattern; TableError tells what is wrong with it and what to write instead."""
    pieces = _FIELD.split(text.strip())
    texts, fields = pieces[::2], [name.strip() for name in pieces[1::2]]
    if any("{" in each or "}" in each for each in texts):
        raise TableError(f"the pattern {text!r} has a bracket without its partner")
    named = [name for name in fields if name != _ANYTHING]
    if not named:
        raise TableError(
            f"the pattern {text!r} names no part; write for example {{donor}}_{{treatment}}_{{*}}"
        )
    for name in named:
        if not _FIELD_NAME.fullmatch(name):
            raise TableError(
                f"{{{name}}} cannot be the name of a part: start with a letter or digit, go on "
                "with letters, digits, blanks, dashes"
            )
        if named.count(name) > 1:
            raise TableError(f"the pattern has two parts called {{{name}}}; give each its own name")
    for before, between, after in zip(fields, texts[1:-1], fields[1:], strict=False):
        if not between:
            raise TableError(
                f"{{{before}}} and {{{after}}} stand side by side: nobody can tell where one ends; "
                "write what is between them"
            )
    return Pattern(text=text.strip(), fields=tuple(named), expression=_expression(texts, fields))


def _expression(texts: Sequence[str], fields: Sequence[str]) -> re.Pattern[str]:
    """Return the expression: escaped text and parts that cannot run past their neighbours.

    Each `{*}` but the last takes as little as it can and is never tried again (atomic), so that
    even the most repetitive name takes no more than the square of its length.
    """
    last = len(fields) - 1 - fields[::-1].index(_ANYTHING) if _ANYTHING in fields else None
    written, open_groups = re.escape(texts[0]), 0
    for at, name in enumerate(fields):
        before, after = texts[at], texts[at + 1]
        if name != _ANYTHING:
            beside = "|".join(re.escape(each) for each in dict.fromkeys((before, after)) if each)
            written += f"((?:(?!{beside}).)+)" if beside else "(.+)"
        else:
            written += ")" * open_groups
            open_groups = 0 if at == last else 1
            written += ".*" if at == last else "(?>.*?"
        written += re.escape(after)
    return re.compile(written + ")" * open_groups, re.DOTALL)


def suggest(names: Sequence[str]) -> str:
    """Return a pattern most of the names (without suffix) fit; empty where none is seen.

    What is the same in all names stays text, parts are named by what they look like (well, date,
    dose, donor ...), and what tells every picture apart becomes `{*}`.
    """
    split = [_SEPARATOR.split(name) for name in names]
    if len(split) < 2:
        return ""
    shapes = Counter(tuple(tokens[1::2]) for tokens in split)
    shape, count = shapes.most_common(1)[0]
    rest = False
    if count < _LEAST_SHARE * len(split):
        shape, rest = _shared_start(shapes, len(split)), True
    if not shape:
        return ""
    alike = [tokens for tokens in split if tuple(tokens[1::2])[: len(shape)] == shape]
    columns = [[tokens[2 * at] for tokens in alike] for at in range(len(shape) + (not rest))]
    written, taken = "", Counter[str]()
    before = ""
    for at, values in enumerate(columns):
        named = _told_before(before, values)
        before = values[0] if len(set(values)) == 1 else ""
        piece = f"{{{_numbered(named, taken)}}}" if named else _piece(values, taken)
        written += piece + (shape[at] if at < len(shape) else "")
    written = written + ("{*}" if rest else "")
    # Runs of what nobody needs are one.
    while (shorter := re.sub(r"\{\*\}[_\-. ]+\{\*\}", "{*}", written)) != written:
        written = shorter
    return written if taken and _fits(written, names) else ""


def likely_groups(fields: Sequence[str]) -> tuple[str, ...]:
    """Return which parts name what must not be split: the largest living thing, else the slide."""
    for kinds in (_SUBJECTS, ("slide", "section"), ("plate", "well"), ("date",)):
        found = tuple(name for name in fields if name.lower() in kinds)
        if found:
            return found if kinds[0] == "plate" else found[:1]
    return ()


def likely_conditions(fields: Sequence[str]) -> tuple[str, ...]:
    """Return which parts are what an experiment compares."""
    return tuple(name for name in fields if name.lower() in _CONDITIONS)


def _fits(written: str, names: Sequence[str]) -> bool:
    read = pattern(written)
    return sum(read.told_by(name) is not None for name in names) >= _LEAST_SHARE * len(names)


def _shared_start(shapes: Counter[tuple[str, ...]], names: int) -> tuple[str, ...]:
    """Return the longest beginning that most names' separators share."""
    best: tuple[str, ...] = ()
    for shape in shapes:
        for length in range(len(best) + 1, len(shape) + 1):
            start = shape[:length]
            having = sum(count for each, count in shapes.items() if each[:length] == start)
            if having >= _LEAST_SHARE * names:
                best = start
    return best


def _piece(values: Sequence[str], taken: Counter[str]) -> str:
    """Return what a column of the names becomes: text, a named part, or `{*}`."""
    different = set(values)
    if len(different) == 1:
        return values[0].replace("{", "").replace("}", "")
    lead, bare = _led(values)
    name = next((word for word, looks in _LOOKS if all(looks.fullmatch(v) for v in values)), "")
    # D1, D2, D3 are donors; wells have several letters, or two digits.
    if name == "well" and lead.lower() in _LEADS and len(values[0]) == 2:
        name = ""
    if not name and lead and bare:
        name = _LEADS.get(lead.lower(), "")
        if name == "picture":
            return f"{lead}{{*}}"
        if name in _SITES:
            # The picture's place within the well: part of the name, of no use for grouping.
            return f"{lead}{{{_numbered(name, taken)}}}"
        name = name or (lead.lower() if len(lead) > 2 else "")
    if name:
        return f"{{{_numbered(name, taken)}}}"
    if len(different) > max(2, len(values) // 2) or all(v.isdigit() for v in values):
        return "{*}"
    return f"{{{_numbered(_named_by_words(different), taken)}}}"


def _told_before(word: str, values: Sequence[str]) -> str:
    """Return what a column of numbers is after the word before it, as in `animal-3`; else ""."""
    repeat = all(value.isdigit() for value in values) and 1 < len(set(values)) < len(values)
    name = _LEADS.get(word.lower(), "") if repeat else ""
    return "" if name == "picture" else name


def _led(values: Sequence[str]) -> tuple[str, bool]:
    """Return the letters all values start with, and whether digits are all that follows."""
    leads = {match.group(1) for v in values if (match := re.fullmatch(r"([A-Za-z]+)\d+", v))}
    every = all(re.fullmatch(r"[A-Za-z]+\d+", value) for value in values)
    return (leads.pop(), True) if every and len(leads) == 1 else ("", False)


def _named_by_words(values: set[str]) -> str:
    lowered = {value.lower() for value in values}
    return "treatment" if lowered & _CONTROLS else "part"


def _numbered(name: str, taken: Counter[str]) -> str:
    taken[name] += 1
    return name if taken[name] == 1 and name != "part" else f"{name} {taken[name]}"


_SEPARATOR = re.compile(r"([_\- ]+|\.(?!\d))")
_LOOKS = (
    ("well", re.compile(r"[A-P](0?[1-9]|1\d|2[0-4])")),
    ("date", re.compile(r"(19|20)\d\d[01]\d[0-3]\d|[0-3]\d[01]\d(19|20)\d\d")),
    (
        "dose",
        re.compile(r"\d+([.,p]\d+)?\s*(pM|nM|uM|µM|μM|mM|M|ng|ug|µg|mg|pct|%)(ml)?", re.IGNORECASE),
    ),
    ("time", re.compile(r"(\d+(h|hr|hrs|min|d|days?)|(t|day)\d+)", re.IGNORECASE)),
)
"""Name -> what values of it look like."""
_SUBJECTS = (
    "donor", "patient", "animal", "mouse", "rat", "fish", "subject", "case", "embryo", "batch",
)  # fmt: skip
_LEADS = {
    "d": "donor", "donor": "donor", "p": "patient", "pat": "patient", "patient": "patient",
    "m": "mouse", "mouse": "mouse", "animal": "animal", "a": "animal", "rat": "rat",
    "fish": "fish", "embryo": "embryo", "subject": "subject", "case": "case", "batch": "batch",
    "slide": "slide", "sl": "slide", "section": "section", "plate": "plate", "pl": "plate",
    "well": "well", "s": "site", "site": "site", "f": "field", "field": "field", "fov": "field",
    "pos": "field", "xy": "field", "w": "channel", "ch": "channel", "c": "channel",
    "channel": "channel", "z": "plane", "img": "picture", "image": "picture", "rep": "replicate",
    "r": "replicate",
}  # fmt: skip
"""Letters before a number -> what it numbers."""
_SITES = ("site", "field", "channel", "plane")
_CONTROLS = {
    "ctrl", "control", "ctl", "dmso", "untreated", "vehicle", "none", "mock", "wt", "wildtype",
    "ko", "placebo", "drug",
}  # fmt: skip
_CONDITIONS = (
    "treatment", "dose", "condition", "drug", "compound", "concentration", "genotype", "time",
    "timepoint", "stimulus",
)  # fmt: skip
