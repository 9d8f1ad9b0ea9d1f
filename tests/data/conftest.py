from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def user_cache(tmp_path, monkeypatch):
    folder = tmp_path / "user-cache"
    monkeypatch.setenv("PADDLE_METAOPT_CACHE", str(folder))
    return folder
