"""Reads what a worker has sent, without trust: a file may have taken the worker over, and a pickle can name any function to be called.

Only records, errors and arrays are made (https://docs.python.org/3/library/pickle.html#restricting-globals).
"""

from __future__ import annotations

import dataclasses
import enum
import gc
import io
import pickle
from importlib import import_module
from typing import Any

PLAIN = {
    "builtins": {"set", "frozenset", "bytearray", "complex", "range", "slice"},
    "collections": {"OrderedDict", "Counter", "defaultdict", "deque"},
    "datetime": {"date", "datetime", "time", "timedelta", "timezone"},
    "decimal": {"Decimal"},
    "fractions": {"Fraction"},
    "pathlib": {"Path", "PosixPath", "PurePath", "PurePosixPath", "PureWindowsPath", "WindowsPath"},
    "numpy": {"dtype", "ndarray"},
    "numpy.core.multiarray": {"_reconstruct", "scalar"},
    "numpy._core.multiarray": {"_reconstruct", "scalar"},
    "numpy._core.numeric": {"_frombuffer"},
    "numpy.core.numeric": {"_frombuffer"},
}
"""What is made beside longdoc's own records and errors."""


def read_answer(message: bytes) -> Any:
    """The value of a pickle. Raises: pickle.UnpicklingError if it is none, or names anything else."""
    # A document's records are many and none is in a cycle: the collector would look through them all the while, for half of the time.
    collects = gc.isenabled()
    gc.disable()
    try:
        return _Answers(io.BytesIO(message)).load()
    except pickle.UnpicklingError:
        raise
    except Exception as error:
        raise pickle.UnpicklingError(f"no answer: {error}") from error
    finally:
        if collects:
            gc.enable()


class _Answers(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if name in PLAIN.get(module, ()):
            return getattr(import_module(module), name)
        if module.partition(".")[0].startswith("longdoc") and not module.endswith("__main__"):
            found = getattr(import_module(module), name, None)
            if isinstance(found, type) and found.__module__ == module and _is_record(found):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no record")


def _is_record(found: type) -> bool:
    from longdoc.errors import LongdocError
    from longdoc.types import Record

    return dataclasses.is_dataclass(found) or issubclass(found, Record | LongdocError | enum.Enum)
