"""Fixtures shared by all tests. No test touches the network: sockets to other machines are refused."""

from __future__ import annotations

import os
import socket
from typing import Any

import pytest
from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")
settings.register_profile("dipeval", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("dipeval")

_LOCAL = ("127.0.0.1", "localhost", "::1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes minutes on its own, so that no process waits for it alone at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in _LOCAL:
            raise AssertionError("a test tried to reach another machine")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
