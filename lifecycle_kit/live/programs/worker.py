"""The worker: takes jobs from a queue, one at a time, until it is asked to leave.

It says what it is doing: blocked on its queue, ready, working, idle. Wrong credentials are the one thing it cannot
wait for: it says so and leaves with code 77, because no second try will make them right.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import select
import signal
import time
from urllib.parse import urlsplit

from lifecycle_kit.live.programs.common import CREDENTIALS, NO_PERMISSION, crash_after, fail, log, say, span

__all__ = ["Queue", "Worker", "main"]

_PATIENCE_S = 2.0  # a queue that has not answered by then is as good as gone


class Unreachable(Exception):
    """The queue does not answer, or says that it cannot serve now."""


class Queue:
    """The queue as its worker sees it.

    Args:
        url: such as "http://127.0.0.1:41233".
        credentials: shown with every request.
    """

    def __init__(self, url: str, credentials: str) -> None:
        self.url, self._headers = url, {"Authorization": f"Bearer {credentials}"}
        place = urlsplit(url)
        self._connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=_PATIENCE_S)

    def post(self, path: str) -> tuple[int, bytes]:
        """Return status and body of the answer.

        Raises:
            Unreachable: if there is none, or the queue is down.
        """
        try:
            self._connection.request("POST", path, headers=self._headers)
            answer = self._connection.getresponse()
            status, body = answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise Unreachable(str(error)) from None
        if status == http.client.SERVICE_UNAVAILABLE:
            raise Unreachable("it answers 503, not available")
        return status, body


class Worker:
    """A loop: ask for a job, do it, say that it is done.

    Args:
        queue: where jobs come from.
        options: as the command line gives them.
    """

    def __init__(self, queue: Queue, options: argparse.Namespace) -> None:
        self._queue, self._options = queue, options
        self._said, self._waits, self.leaving = "", False, False
        # A byte arrives here with each signal, so that a pause ends at once.
        self._woken, write_end = os.pipe()
        os.set_blocking(write_end, False)
        signal.set_wakeup_fd(write_end)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN if options.deaf else self._leave)

    def _leave(self, _signal: int, _frame: object) -> None:
        self.leaving = True

    def run(self) -> None:
        """Work until asked to leave; a job in hand is finished first, or handed back."""
        self._say("blocked", on="queue")
        self._pause(self._options.connect)
        while not self.leaving:
            self._look_for_work()
        self._say("stopping")
        self._say("drained")
        log("nothing in hand, leaving")

    def _look_for_work(self) -> None:
        try:
            status, body = self._queue.post("/take")
        except Unreachable as error:
            self._say("blocked", on="queue")
            if not self._waits:
                log(f"no queue at {self._queue.url} ({error}), waiting for it")
            self._waits = True
            self._pause(self._options.retry)
            return
        if status in (http.client.UNAUTHORIZED, http.client.FORBIDDEN):
            log(f"POST {self._queue.url}/take: {status}")
            fail(NO_PERMISSION, "the queue does not accept these credentials; set --credentials right")
        if self._said == "blocked":
            say("unblocked")
            say("ready")
        self._waits = False
        if status == http.client.OK:
            self._do(json.loads(body)["job"])
        else:
            self._say("idle")
            self._pause(self._options.idle)

    def _do(self, job: int) -> None:
        self._say("working")
        end = time.monotonic() + self._options.job
        self._pause(self._options.job)
        if self.leaving:  # what was begun is finished, if that can be in time
            self._say("stopping")
            self._pause(min(end - time.monotonic(), self._options.drain_s), though_leaving=True)
        done = time.monotonic() >= end
        try:
            status, _ = self._queue.post(f"/{'done' if done else 'return'}?job={job}")
        except Unreachable as error:
            log(f"the queue cannot be told what has become of job {job} ({error}): somebody will do it again")
            return
        if status == http.client.GONE:
            log(f"job {job} took too long: the queue has given it to somebody else")
        elif status != http.client.OK:
            log(f"the queue answers {status} to what has become of job {job}: somebody will do it again")
        elif not done:
            log(f"job {job} cannot be done in time: handed back")

    def _say(self, word: str, **more: object) -> None:
        if word != self._said:
            say(word, **more)
            self._said = word

    def _pause(self, seconds: float, though_leaving: bool = False) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and (though_leaving or not self.leaving):
            if select.select([self._woken], [], [], left)[0]:
                os.read(self._woken, 1024)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="worker",
        description="Take jobs from a queue, one at a time. SIGTERM: finish the job in hand, or hand it back, then"
        " leave with 0. Credentials that the queue does not accept: leave with 77.",
    )
    add = parser.add_argument
    add("--queue", required=True, metavar="URL", help="where jobs come from, such as http://127.0.0.1:8080")
    add("--credentials", default=CREDENTIALS, metavar="WORD", help="shown to the queue [%(default)s]")
    add("--job", type=span, default=0.1, metavar="S", help="how long a job takes [%(default)s]")
    add("--connect", type=span, default=0.2, metavar="S", help="how long it takes to connect [%(default)s]")
    add("--drain-s", type=span, default=5, metavar="S", help="longest drain, then the job is handed back [%(default)s]")
    add("--idle", type=span, default=0.1, metavar="S", help="pause if there is no job [%(default)s]")
    add("--retry", type=span, default=0.2, metavar="S", help="pause if there is no queue [%(default)s]")
    faults = parser.add_argument_group("faults").add_argument
    faults("--deaf", action="store_true", help="ignore SIGTERM")
    faults("--crash-after", type=span, metavar="S", help="crash at this age, whatever is in hand")
    return parser


def main() -> None:
    """Work as the command line says."""
    parser = _parser()
    options = parser.parse_args()
    if not re.fullmatch(r"http://[^/:]+:\d{1,5}", options.queue):
        parser.error(f"--queue {options.queue}: give an address such as http://127.0.0.1:8080")
    queue = Queue(options.queue, options.credentials)
    log(f"configuration loaded, the queue is {options.queue}")
    crash_after(options.crash_after)
    Worker(queue, options).run()


if __name__ == "__main__":
    main()
