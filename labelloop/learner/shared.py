"""One learner for all services of a machine: they ask it for tasks, and it runs a child for each.

So torch and small-text are loaded once, and not once for each service. It is reached by a Unix socket, whose
folder only this user may enter, because whoever can connect to it can run code as this user.
"""

import os
import socket
import tempfile
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Client, Connection, Listener, wait
from pathlib import Path

from labelloop.config.environment import LEARNER
from labelloop.errors import Unavailable
from labelloop.learner import requests
from labelloop.learner.child import Caller, Child
from labelloop.store.task_failures import TaskFailed, WorkerCrashed

SHARED = "LABELLOOP_LEARNER"
"""The variable with the address of the learner that a process is to use."""

PATIENCE = 60.0
"""Seconds in which a learner must have been started, or started again."""

SECONDS_BETWEEN_TRIES = 0.1
LONGEST = 80
"""Bytes of a folder's name that leave room for a socket in it: the whole name may have about 100."""


def shared_learner() -> str | None:
    """The address of the learner that this process is to use, or None if it runs its own children."""
    return LEARNER.get(SHARED) or None


def private_folder() -> tempfile.TemporaryDirectory[str]:
    """A new folder for a socket."""
    is_long = len(os.fsencode(tempfile.gettempdir())) > LONGEST
    return tempfile.TemporaryDirectory(prefix="labelloop-", dir="/tmp" if is_long else None)


class SharedChild:
    """A child of the learner at an address. Closing the connection to the learner kills it."""

    def __init__(self, address: str, request: requests.Request) -> None:
        self._address = address
        self._request = request
        self._connection: Connection | None = None
        self._is_killed = threading.Event()
        self._closing = threading.Lock()

    def start(self) -> None:
        """Ask the learner.

        Raises `Unavailable` if it does not answer, `WorkerCrashed` if the child is killed meanwhile.
        """
        connection = self._connect()
        with self._closing:
            self._connection = connection
            is_killed = self._is_killed.is_set()
        if is_killed:
            self._close()
            raise WorkerCrashed("killed before it began")
        try:
            connection.send((Caller.this_process(), self._request))
        except OSError:
            raise _ended() from None

    def answer(self) -> object:
        """Wait for the result or `TaskFailed`. Raises `WorkerCrashed` if the child ended without one.

        Raises `Unavailable` if the learner ended.
        """
        assert self._connection is not None
        try:
            answer: object = self._connection.recv()
        except (EOFError, OSError):
            if self._is_killed.is_set():
                raise WorkerCrashed("killed before it answered") from None
            raise _ended() from None
        finally:
            self._close()
        if isinstance(answer, WorkerCrashed):
            raise answer
        return answer

    def kill(self) -> None:
        """Have the learner kill the child, if it still runs."""
        self._is_killed.set()
        with self._closing:
            if self._connection is not None and not self._connection.closed:
                # Closing alone would not wake the thread that reads.
                with suppress(OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as same:
                    same.shutdown(socket.SHUT_RDWR)

    def _connect(self) -> Connection:
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                return Client(self._address, family="AF_UNIX")
            except OSError as error:
                if time.monotonic() > give_up:
                    reason = error.strerror or error
                    raise Unavailable(
                        f"the learner at {self._address} does not answer ({reason})", "the learner"
                    ) from error
            if self._is_killed.wait(SECONDS_BETWEEN_TRIES):
                raise WorkerCrashed("killed before it began")

    def _close(self) -> None:
        with self._closing:
            if self._connection is not None:
                self._connection.close()


def serve(address: str) -> None:
    """Run tasks for whoever connects to `address`, any number at the same time, until a signal arrives."""
    Path(address).unlink(missing_ok=True)
    with Listener(address, family="AF_UNIX", backlog=socket.SOMAXCONN) as listener:
        while True:
            connection = listener.accept()
            threading.Thread(target=_serve_one, args=(connection,), daemon=True).start()


def _serve_one(connection: Connection) -> None:
    # Whoever asked may be gone.
    with connection, suppress(EOFError, OSError):
        caller, request = connection.recv()
        answer = _perform(request, caller, connection)
        if answer is not None:
            connection.send(answer)


def _perform(request: requests.Request, caller: Caller, connection: Connection) -> object:
    """What the child answers, or None if the caller has closed the connection before."""
    child = Child(request, "learner", caller)
    try:
        child.start()
        return child.answer() if child.receiver in wait([child.receiver, connection]) else None
    except WorkerCrashed as crashed:
        return crashed
    except (EOFError, OSError) as error:
        return TaskFailed.of(error)
    finally:
        child.kill()


def _ended() -> Unavailable:
    return Unavailable("the learner ended before it answered", "the learner")
