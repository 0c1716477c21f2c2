"""Every error raised on purpose, named after who can put it right.

A message says what we were doing, to what, what we found, and what to do next.
The values are attributes too.  Anything else that escapes is a bug in tocsin.
"""

from __future__ import annotations


class TocsinError(Exception):
    """An error that a person can put right.

    Args:
        found: What we were doing, to what, and what we found.
        todo: What to do next.
        values: What the message names, for programs.
    """

    def __init__(self, found: str, *, todo: str = "", **values: object) -> None:
        super().__init__(f"{found}; {todo}" if todo else found)
        self.found = found
        self.todo = todo
        self.values = values


class SourceError(TocsinError):
    """For whoever runs the feed: what it sent cannot be taken as it is."""


class SourceGarbled(SourceError):
    """The payload cannot be read: not the format, a missing or an impossible value."""


class UnknownArea(SourceError):
    """No area has this code or name, or more than one has."""


class NotEntitled(SourceError):
    """The key may not say this: another area, threat or realm than it was given."""


class SubscriberError(TocsinError):
    """For whoever called the public door or the desk."""


class KeyRefused(SubscriberError):
    """No key, an unknown one, or one that was revoked."""


class ConfigError(TocsinError):
    """For whoever runs this server: a setting, a file or a command is not as it should be."""


class LogError(TocsinError):
    """For whoever runs the disk: the log cannot be read or written as promised."""


class DiskFull(LogError):
    """There is no room left for the log."""


class KeyTaken(LogError):
    """An entry has this key already and says something else."""


class LogHeld(LogError):
    """Another process appends to this log."""


class LogBroken(LogError):
    """An entry was changed, is missing, stands in another order, or the end was cut off."""
