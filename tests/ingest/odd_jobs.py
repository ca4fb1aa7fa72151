"""What a worker may be asked to do in the tests of the sandbox; light to import, since it is imported in every worker."""

import os
import time
from typing import Any

from longdoc.ingest.worker import WATCH


def answer(path: str, what: str) -> Any:
    """Does what its name says."""
    if what == "hang":
        time.sleep(600)
    elif what == "steps":
        # Longer in all than the limit of the test, but no step is.
        for step in range(6):
            WATCH.get().restarted(f"page {step + 1} (OCR)")
            time.sleep(0.25)
    elif what == "slow step":
        WATCH.get().restarted("page 7 (OCR)")
        time.sleep(600)
    elif what == "crash":
        os.abort()
    elif what == "exit":
        os._exit(3)
    elif what == "eat":
        return len(bytearray(8 << 30))
    elif what == "bug":
        raise ValueError("a bug in a parser")
    elif what == "print":
        print("noise " * 1000)
        os.write(1, b"more noise\n")
    elif what == "recurse":
        return answer(path, what)
    elif what == "pid":
        return os.getpid()
    return what
