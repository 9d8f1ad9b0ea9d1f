"""A function in a process of its own, for what might end it."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time


def in_a_fork(function, seconds: float = 120.0) -> dict:
    """The dict that ``function()`` returns in a child; {"verdict": "died", "why": ...} if that ends otherwise."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        sys.unraisablehook = sys.__unraisablehook__  # pytest's keeps the error, and so what its frames hold
        try:
            os.write(writing, json.dumps(function()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    found, until, done = b"", time.time() + seconds, False
    while not done and select.select([reading], [], [], max(0.0, until - time.time()))[0]:
        chunk = os.read(reading, 65536)
        found, done = found + chunk, not chunk
    if not done:
        os.kill(child, signal.SIGKILL)
    os.close(reading)
    _, status = os.waitpid(child, 0)
    if found and done:
        return json.loads(found)
    ended = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else "without an answer"
    return {"verdict": "died", "why": ended if done else f"not done in {seconds:.0f} s"}
