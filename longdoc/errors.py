"""Everything that longdoc raises.

    LongdocError
    |- UsageError              the command or call is wrong                        exit code 2
    |  |- ConfigError          a setting is unknown or has a bad value
    |  |- UnknownNameError     no plug-in, label set or label of that name
    |  |- LabelSetError        a label-set file is malformed
    |  |- PlaybookError        a playbook file is malformed, or a file of corrections
    |  `- MissingExtraError    an optional package or program is not installed
    |- InputError              one input could not be read, the run goes on        exit code 3
    |  |- NotFoundError        no such file or folder
    |  |- UnreadableError      permissions, a device error, a name that is no file
    |  |- EmptyFileError       nothing in it
    |  |- UnsupportedError     a format that longdoc does not read
    |  |- EncryptedError       a password is needed, or the one given is wrong
    |  |- DamagedError         the file breaks its own format
    |  |- NeedsOcrError        pages are pictures, there is no text to read
    |  |- EncodingError        text in no known encoding
    |  |- ChangedError         the file changed while it was read
    |  |- UnansweredError      a language model gave no answer about it
    |  `- LimitError           too big, too slow, too deep: both numbers are named
    |- StoreError              the corpus folder cannot be used                    exit code 4
    |  |- StoreVersionError    made by a newer longdoc
    |  |- StoreBusyError       another run holds it
    |  |- StoreFullError       a budget or the disk does not hold more
    |  `- StoreDamagedError    a checksum does not match
    |- EngineError             a language model failed                             exit code 4
    `- GroundingError          a quote that cannot be located                      exit code 4

A message says what was wrong, where, and what to do.
"""

from __future__ import annotations


class LongdocError(Exception):
    """Root of all errors that longdoc raises."""

    exit_code = 4


class UsageError(LongdocError, ValueError):
    """The command or call is wrong."""

    exit_code = 2


class ConfigError(UsageError):
    """A setting is unknown or has a bad value."""


class UnknownNameError(UsageError, LookupError):
    """No plug-in, label set or label of that name."""


class LabelSetError(UsageError):
    """A label-set file is malformed."""


class PlaybookError(UsageError):
    """A playbook file is malformed, or a file of corrections."""


class MissingExtraError(UsageError, ImportError):
    """An optional package or program is not installed."""


class InputError(LongdocError):
    """One input could not be read; a run goes on without it."""

    exit_code = 3


class NotFoundError(InputError, FileNotFoundError):
    """No such file or folder."""


class UnreadableError(InputError, OSError):
    """Permissions, a device error, or a name that is no file."""


class EmptyFileError(InputError):
    """Nothing in it."""


class UnsupportedError(InputError):
    """A format that longdoc does not read."""


class EncryptedError(InputError):
    """A password is needed, or the one given is wrong."""


class DamagedError(InputError):
    """The file breaks its own format."""


class NeedsOcrError(InputError):
    """Pages are pictures; there is no text to read."""


class EncodingError(InputError):
    """Text in no known encoding."""


class ChangedError(InputError):
    """The file changed while it was read."""


class UnansweredError(InputError):
    """A language model gave no answer about a document; what it did answer is kept, and asked for no more."""


class LimitError(InputError):
    """A limit was passed; the message names the limit and what was found."""


class StoreError(LongdocError):
    """The corpus folder cannot be used."""


class StoreVersionError(StoreError):
    """The corpus was made by a newer longdoc."""


class StoreBusyError(StoreError):
    """Another run holds the corpus."""


class StoreFullError(StoreError):
    """A budget or the disk does not hold more; the message names both numbers."""


class StoreDamagedError(StoreError):
    """A checksum in the corpus does not match."""


class EngineError(LongdocError):
    """A language model failed: its numbers are none, or its server does not answer."""


class GroundingError(LongdocError):
    """A quote that cannot be located in its document."""
