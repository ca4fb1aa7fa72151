"""kill -9 at the n-th write, for scripts that try every n."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable
from typing import Any


def crash_at(moment: int, writes: Iterable[tuple[Any, str]]) -> None:
    """Have this process killed at the `moment`-th call, from 1, of any of `writes`: (module or class, name) each."""
    count = 0

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            if count == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **named)

        return call

    for holder, name in writes:
        setattr(holder, name, counted(getattr(holder, name)))
