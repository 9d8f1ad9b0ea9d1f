"""What a training of image_classification.py rests on: those whose weights it began with, found by their checksums.

A json names the files that its training began with by their paths of then. Weights that ship are replaced by better
ones, and go to results/stages; their checksum stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import paddle_metaopt as metaopt
from paddle_metaopt.checkpoint import checksum
from paddle_metaopt.models.trained import WEIGHTS


@dataclass(frozen=True, eq=False)
class Training:
    """A json, and what results.py calls it."""

    name: str
    result: dict


class Lineage:
    """The trainings whose weights are at hand.

    Parameters
    ----------
    results : dict
        The json of each recipe, whose weights ship.
    stages : dict
        Of those that others began with, by their file below `folder`.
    """

    def __init__(self, results: dict[str, dict], stages: dict[str, dict], folder: Path) -> None:
        self._trainings = {}
        for at, found in ((WEIGHTS, results), (folder, stages)):
            for name, result in found.items():
                path = at / f"{name}.checkpoint"
                if path.is_file():
                    self._trainings[checksum(metaopt.load_checkpoint(path)["weights"])] = Training(name, result)

    def began_with(self, result: dict) -> str:
        """The trainings by name, or the files that are not at hand."""
        if result["init_from"] is None:
            return "random weights"
        return ", ".join(
            before.name if (before := self._of(start)) is not None else start["path"]
            for start in _starts(result)
        )

    def hours(self, result: dict) -> float:
        """Of the training and of all that it rests on, each counted once."""
        counted, waiting = [], [result]
        while waiting:
            counted.append(waiting.pop())
            before = [training.result for training in map(self._of, _starts(counted[-1])) if training is not None]
            waiting += [each for each in before if all(each is not other for other in [*counted, *waiting])]
        return sum(each["hours"] for each in counted)

    def stages(self, result: dict) -> list[dict]:
        """The training, after those of the same recipe that it goes on from, with their curves up to there.

        Of one that began with the mean of several, the first of them counts.
        """
        found, seen = [result], [result]
        while starts := _starts(found[0]):
            before = self._of(starts[0])
            if before is None or before.result["recipe"] != result["recipe"] or before.result in seen:
                break
            curve = [point for point in before.result["curve"] if point["iteration"] <= starts[0]["iteration"]]
            found.insert(0, {**before.result, "curve": curve})
            seen.append(before.result)
        return found

    def _of(self, start: dict) -> Training | None:
        return self._trainings.get(start.get("sha256"))


def _starts(result: dict) -> list[dict]:
    start = result["init_from"]
    return [] if start is None else start.get("sources", [start])


def one_curve(stages: list[dict]) -> list[dict]:
    """The curves of trainings that follow each other, as that of one."""
    points: list[dict] = []
    for stage in stages:
        shift = points[-1]["tasks"] if points else 0
        points += [{**point, "tasks": point["tasks"] + shift} for point in stage["curve"]]
    return points
