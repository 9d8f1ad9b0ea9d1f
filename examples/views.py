"""A picture in more than one view: other data to train on, and more of them to adapt on."""

from __future__ import annotations

import math

import numpy as np
import paddle

from paddle_metaopt.data import Episode, EpisodeLoader


class Views(paddle.io.Dataset):
    """Each picture in 18 views: mirrored or not, and moved by a tenth or not. A number stands for each, so that an
    episode depends on its seed alone."""

    _KINDS, _MOVE = (3, 3, 2), 8

    def __init__(self, pictures) -> None:
        self._pictures = pictures
        self.labels = np.tile(pictures.labels, math.prod(self._KINDS))

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int):
        view, number = divmod(index, len(self._pictures))
        *moves, mirrored = np.unravel_index(view, self._KINDS)
        picture, label = self._pictures[number]
        _, height, width = picture.shape
        top, left = (self._MOVE * int(move) for move in moves)
        edge = (self._MOVE, self._MOVE)
        picture = np.pad(picture, [(0, 0), edge, edge], mode="edge")[:, top : top + height, left : left + width]
        return np.ascontiguousarray(picture[:, :, ::-1] if mirrored else picture), label


class WithMirroredSupport:
    """A loader's episodes, with twice as much to adapt on."""

    def __init__(self, loader: EpisodeLoader) -> None:
        self._loader = loader

    def __len__(self) -> int:
        return len(self._loader)

    def __iter__(self):
        for given in self._loader:
            yield list(map(self._mirrored, given)) if isinstance(given, list) else self._mirrored(given)

    @staticmethod
    def _mirrored(episode: Episode) -> Episode:
        x, y = episode.support
        return Episode((paddle.concat([x, x.flip(-1)]), paddle.concat([y, y])), episode.query)
