"""The stages on Ray: a cluster, or this machine (https://docs.ray.io).

Each worker is an actor that hands its jobs to a subprocess of its own (longdoc/ingest/sandbox.py), so that limits and crashes are dealt
with as on one machine: a file that brings the parser down costs the subprocess and not the actor.
"""

from __future__ import annotations

import inspect
import logging
import os
import socket
import stat
import warnings
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from longdoc.errors import ConfigError, DamagedError, InputError, MissingExtraError
from longdoc.ingest.sandbox import AHEAD, ATTEMPTS, ProcessExecutor
from longdoc.protocols import Done, Job, Limits

ADDRESS = "RAY_ADDRESS"
ANSWERS_WITHIN = 10.0
"""Seconds that a cluster has to answer."""
SENT = 64 << 20
"""Bytes up to which a file is sent along with its job."""


class RayExecutor:
    """An Executor of `workers` actors (None: as many as there are cores), each held to `limits`. A context manager; `close` ends them.

    The cluster is the one that RAY_ADDRESS names, or else one that is started on this machine for as long as the executor lasts; a
    program that has called `ray.init` itself keeps its own. longdoc must be installed wherever a worker runs, in the same version.

    A worker on another machine does not see the files of this one: if the function takes an argument `data`, a file of up to 64 MiB is
    sent along; a larger one must lie at the same path on every machine, on a shared file system.

    A job whose worker dies is tried once more on a new one.

    Raises: MissingExtraError without Ray; ConfigError if no cluster answers at RAY_ADDRESS.
    """

    def __init__(self, workers: int | None, limits: Limits) -> None:
        if workers is not None and workers < 1:
            raise ValueError(f"workers must be at least 1, not {workers}")
        self._ray = _import_ray()
        self._limits = limits
        self._started = not self._ray.is_initialized()
        if self._started:
            _start(self._ray, workers)
        cores = max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        self._workers = [_Worker() for _ in range(min(workers or cores, cores))]

    def __enter__(self) -> RayExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def map(self, function: str, jobs: Iterable[Job]) -> Iterator[Done]:
        """One Done per Job in the order in which they finish; `jobs` is drawn from as workers become free."""
        source = iter(jobs)
        again: deque[_Call] = deque()
        send = _takes_data(function)
        exhausted = False
        while True:
            while (worker := min(self._workers, key=lambda one: len(one.calls))) and len(worker.calls) < AHEAD:
                job = None if again or exhausted else next(source, None)
                if again:
                    self._submit(worker, function, again.popleft(), send)
                elif job is not None:
                    self._submit(worker, function, _Call(job), send)
                else:
                    exhausted = True
                    break
            waiting = {worker.calls[0].reference: worker for worker in self._workers if worker.calls}
            if not waiting:
                return
            (first,), _ = self._ray.wait(list(waiting), num_returns=1)
            done = self._collect(waiting[first], again)
            if done is not None:
                yield done

    def close(self) -> None:
        """Stop all workers; those in the middle of a file too."""
        for worker in self._workers:
            self._end(worker)
        if self._started and self._ray.is_initialized():
            self._ray.shutdown()

    def _submit(self, worker: _Worker, function: str, call: _Call, send: bool) -> None:
        if worker.actor is None:
            worker.actor = self._ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(_Host).remote(self._limits)
        arguments = dict(call.job.arguments)
        if send and "known" not in arguments:
            arguments["data"] = _content(str(arguments.get("source") or arguments.get("path", "")))
        call.reference = worker.actor.run.remote(function, call.job.key, arguments)
        worker.calls.append(call)

    def _collect(self, worker: _Worker, again: deque[_Call]) -> Done | None:
        """The result of the worker's first call, None if it is to be tried again."""
        call = worker.calls.popleft()
        where = str(call.job.arguments.get("path", call.job.key))
        try:
            done: Done = self._ray.get(call.reference)
        except self._ray.exceptions.RayTaskError as error:
            fault = InputError(f"{where}: a Ray worker could not take it ({_last_line(error)}); is longdoc the same on every machine?")
            return Done(call.job.key, error=fault)
        except self._ray.exceptions.RayError as error:
            # It took what was waiting for it with it, which is not to blame.
            call.attempts += 1
            again.extend(worker.calls)
            self._end(worker)
            if call.attempts < ATTEMPTS:
                again.appendleft(call)
                return None
            told = f"{type(error).__name__}: {_last_line(error)}"
            fault = DamagedError(
                f"{where}: its Ray worker died {ATTEMPTS} times; if that is for want of memory, use fewer workers ({told})"
            )
            return Done(call.job.key, error=fault)
        return done

    def _end(self, worker: _Worker) -> None:
        if worker.actor is not None and self._ray.is_initialized():
            self._ray.kill(worker.actor, no_restart=True)
        worker.actor = None
        worker.calls.clear()


@dataclass(slots=True)
class _Call:
    """A job, how often its worker has died, and what Ray knows its result by."""

    job: Job
    attempts: int = 0
    reference: Any = None


@dataclass(slots=True)
class _Worker:
    """An actor, begun with its first job, and the calls that it has not answered, the one in hand first."""

    actor: Any = None
    calls: deque[_Call] = field(default_factory=deque)


class _Host:
    """The actor: a process of Ray's with a subprocess for the work."""

    def __init__(self, limits: Limits) -> None:
        self._executor = ProcessExecutor(1, limits)

    def run(self, function: str, key: str, arguments: dict[str, Any]) -> Done:
        """What the function gives."""
        (done,) = self._executor.map(function, [Job(key, arguments)])
        return done


def _import_ray() -> Any:
    """Ray, told as it is imported to skip its messages about workers: it prints them on stdout, between the results."""
    try:
        with _environment(RAY_DEDUP_LOGS_SKIP_REGEX="."):
            import ray
    except ImportError as error:
        raise MissingExtraError("the executor 'ray' needs the package 'ray': pip install 'longdoc[ray]'") from error
    return ray


def _start(ray: Any, workers: int | None) -> None:
    """Connect to the cluster, or start one; quietly, and without the usage report that Ray sends home by default."""
    address = os.environ.get(ADDRESS)
    _check(address)
    own = {} if address else {"num_cpus": workers, "include_dashboard": False}
    try:
        with warnings.catch_warnings(), _environment(RAY_USAGE_STATS_ENABLED="0"):
            warnings.simplefilter("ignore")
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **own)
    except (ConnectionError, ValueError) as error:
        raise ConfigError(f"no Ray cluster answers at {address or 'this machine'} ({error}); start one, or unset {ADDRESS}") from error


def _check(address: str | None) -> None:
    """Ray would try for minutes to reach a machine that does not answer."""
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        try:
            socket.create_connection((host, int(port)), timeout=ANSWERS_WITHIN).close()
        except OSError as error:
            raise ConfigError(f"no Ray cluster answers at {address} ({error}); start one, or unset {ADDRESS}") from error


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """Environment variables, for as long as this lasts; one that the user has set stays as it is."""
    added = {name: value for name, value in variables.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def _takes_data(function: str) -> bool:
    module, _, name = function.partition(":")
    return "data" in inspect.signature(getattr(import_module(module), name)).parameters


def _content(path: str) -> bytes | None:
    """The file's bytes if it is to be sent along; a worker that gets none says itself what is wrong with the path."""
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode) or found.st_size > SENT:
            return None
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def _last_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[-1][:300]
