"""Trainings that say which iteration they saved, stopped at some moment."""

from __future__ import annotations

import re
import time
from random import uniform


def digests(output: str) -> dict[int, str]:
    """sha256 of weights, optimizer and random state by iteration."""
    return {int(i): sha for i, sha in re.findall(r"saved iteration (\d+), sha256 (\w{64})", output)}


def stop_after(process, iteration: int, signal_number: int) -> str:
    """Send the signal some time after that iteration was saved."""
    output = ""
    for line in process.stdout:
        output += line
        if f"saved iteration {iteration}," in line:
            time.sleep(uniform(0, 0.1))
            process.send_signal(signal_number)
            break
    rest, _ = process.communicate(timeout=60)
    return output + rest
