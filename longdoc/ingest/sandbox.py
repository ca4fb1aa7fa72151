"""Runs stages in other processes, so that a file that hangs, crashes or eats memory takes down nothing but its own worker.

A job is held to the limits until it says that it has parsed its file (worker.py); reading takes as long as it takes. A worker that is
killed from outside, by a person or by a system that is out of memory, does not count against the file until that has happened twice.

What a worker may not do at all stands in confine.py and guard.py. Since a file may still take a worker over, what it answers is read
without trust (answers.py), and whatever it has started is killed with it.

Workers are plain subprocesses that talk over pipes: nothing depends on how the calling program was started, so it works
from a notebook and from a script without a main guard.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import longdoc
from longdoc.errors import DamagedError, LimitError
from longdoc.ingest.answers import read_answer
from longdoc.ingest.confine import remove_dead_sockets
from longdoc.ingest.worker import PARSE, READY, Answer, Entered, Restarted, receive, send
from longdoc.protocols import Done, Job, Limits

AHEAD = 2
"""Results that may wait for the caller, a worker: work goes on while the caller is busy, but not without bound."""
KILLED = -int(getattr(signal, "SIGKILL", 9))
"""Exit code of a process that something else put an end to."""
ATTEMPTS = 2
"""How often a job is tried whose worker is killed from outside."""
LONGEST_MESSAGE = 4 << 30
"""Bytes of a message from a worker whose limit of memory is lower than that; otherwise no message is longer than the limit."""


class ProcessExecutor:
    """An Executor of `workers` subprocesses, each held to `limits`. A context manager; `close` stops the workers.

    Each job's arguments should name its file as `path`, for messages.
    """

    def __init__(self, workers: int, limits: Limits) -> None:
        if workers < 1:
            raise ValueError(f"workers must be at least 1, not {workers}")
        self._workers = workers
        self._limits = limits
        self._all: set[_Worker] = set()
        self._idle: list[_Worker] = []
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> ProcessExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def map(self, function: str, jobs: Iterable[Job]) -> Iterator[Done]:
        """One Done per Job in the order in which they finish; `jobs` is drawn from as workers become free."""
        waiting: queue.Queue[Job | None] = queue.Queue()
        results: queue.Queue[Done] = queue.Queue()
        threads = [threading.Thread(target=self._serve, args=(function, waiting, results), daemon=True) for _ in range(self._workers)]
        for thread in threads:
            thread.start()
        running = 0
        try:
            source = iter(jobs)
            exhausted = False
            while True:
                while not exhausted and running < self._workers * AHEAD:
                    job = next(source, None)
                    if job is None:
                        exhausted = True
                    else:
                        waiting.put(job)
                        running += 1
                if not running:
                    return
                yield results.get()
                running -= 1
        finally:
            # A caller that stops early leaves jobs behind: they are dropped, those in hand end with their workers.
            with contextlib.suppress(queue.Empty):
                while True:
                    waiting.get_nowait()
            for _ in threads:
                waiting.put(None)
            if not running:
                # Each hands its worker back before it ends, for the next call.
                for thread in threads:
                    thread.join()

    def close(self) -> None:
        """Stop all workers; those in the middle of a file too."""
        with self._lock:
            self._closed = True
            workers, self._idle = list(self._all), []
            self._all.clear()
        for worker in workers:
            worker.stop()

    def _serve(self, function: str, waiting: queue.Queue[Job | None], results: queue.Queue[Done]) -> None:
        worker: _Worker | None = None
        while (job := waiting.get()) is not None:
            started = time.monotonic()
            end = _End()
            for attempt in range(ATTEMPTS):
                try:
                    worker = worker or self._take()
                    end = worker.run(function, job, last=attempt == ATTEMPTS - 1)
                except Exception as failure:  # noqa: BLE001  a thread that died would leave the caller waiting for ever
                    where = job.arguments.get("path", job.key)
                    end = _End(
                        error=DamagedError(f"{where}: could not be handed to a worker ({failure}); run the command again"), alive=False
                    )
                if worker is not None and not end.alive:
                    self._drop(worker)
                    worker = None
                if not end.again or self._closed:
                    break
            results.put(Done(job.key, end.value, end.error, time.monotonic() - started, end.stage))
        if worker is not None:
            self._give_back(worker)

    def _take(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise RuntimeError("the executor is closed")
            if self._idle:
                return self._idle.pop()
            worker = _Worker(self._limits)
            self._all.add(worker)
            return worker

    def _drop(self, worker: _Worker) -> None:
        with self._lock:
            self._all.discard(worker)
        worker.stop()

    def _give_back(self, worker: _Worker) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(worker)
                return
        self._drop(worker)


@dataclass(frozen=True, slots=True)
class _End:
    """How a job ended: exactly one of `value` and `error` counts, in which stage, whether the worker is `alive` to take another, and
    whether the job is to be tried `again`."""

    value: Any = None
    error: Exception | None = None
    stage: str | None = None
    alive: bool = True
    again: bool = False


class _Worker:
    """One subprocess."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        # The package may be importable here only because of how the program was started; its folder is handed on.
        root = str(Path(longdoc.__file__).parent.parent)
        inherited = os.environ.get("PYTHONPATH")
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([root, inherited] if inherited else [root]),
            # Threads of numeric libraries take address space, which is limited while a file is parsed; a reader asks for its own.
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "RAYON_NUM_THREADS": "1",
        }
        self._folder = tempfile.mkdtemp(prefix="longdoc-worker-")
        # Also where nobody has stopped it when the program ends.
        self._remove_folder = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "longdoc.ingest.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        self._ready = False

    def run(self, function: str, job: Job, *, last: bool) -> _End:
        """How the job ended; where the worker was killed from outside, whether to try `again`, which nobody does after the `last` time."""
        where = str(job.arguments.get("path", job.key))
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise AssertionError("a worker is started with pipes")
        late = threading.Event()
        timer = self._timer(late)
        stage, step = PARSE, ""
        longest = max(self._limits.memory, LONGEST_MESSAGE)
        try:
            if not self._ready:
                # Its start is not the file's fault, and does not count.
                send(stdin, (self._limits, self._folder))
                self._ready = receive(stdout, read_answer, longest) == READY
            timer.start()
            send(stdin, (function, dict(job.arguments)))
            while isinstance(message := receive(stdout, read_answer, longest), Entered | Restarted):
                timer.cancel()
                if isinstance(message, Entered):
                    stage = message.stage
                else:
                    step = f"{message.step} "
                    timer = self._timer(late)
                    timer.start()
            if not isinstance(message, Answer):
                raise pickle.UnpicklingError(f"a {type(message).__name__} is no answer")
            return _End(message.value, message.error, stage)
        except pickle.UnpicklingError as error:
            fault = DamagedError(f"{where}: its worker sent what no parser gives ({error}); do not trust the file, and please report it")
            return _End(None, fault, stage, alive=False)
        except (EOFError, BrokenPipeError):
            # Before it is waited for: until then no other process can have its number.
            self._kill()
            code = self._process.wait()
            if late.is_set():
                slow = LimitError(f"{where}: {step}not read within the limit of {self._limits.seconds:g} s; raise timeout to read it")
                return _End(None, slow, stage, alive=False)
            return _End(None, self._died(where, code, stage), stage, alive=False, again=code == KILLED and not last)
        finally:
            timer.cancel()

    def _timer(self, late: threading.Event) -> threading.Timer:
        timer = threading.Timer(self._limits.seconds, self._kill_late, args=(late,))
        timer.daemon = True
        return timer

    def _kill_late(self, late: threading.Event) -> None:
        late.set()
        self._kill()

    def _kill(self) -> None:
        """Kill the worker and what it has started, which is in its process group."""
        if self._process.returncode is not None:
            return
        if sys.platform == "win32":
            self._process.kill()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _died(self, where: str, code: int, stage: str) -> Exception:
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        if code == KILLED:
            return DamagedError(
                f"{where}: its worker was killed {ATTEMPTS} times ({how}), as systems do that run out of memory; use fewer workers"
            )
        if stage != PARSE:
            return DamagedError(f"{where}: the stage {stage!r} crashed on it ({how}); run the command again, with fewer workers")
        return DamagedError(
            f"{where}: the parser crashed on it ({how}); the file is damaged, "
            f"or needs more than the limit of {self._limits.memory} bytes of memory"
        )

    def stop(self) -> None:
        """End the subprocess, and remove its folder."""
        self._kill()
        self._process.wait()
        self._remove_folder()
        if sys.platform == "linux":
            remove_dead_sockets()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
