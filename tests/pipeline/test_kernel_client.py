"""When a kernel counts as ready."""

from __future__ import annotations

import asyncio
from queue import Empty
from typing import Any

import pytest

from helpers.pipeline.kernel_client import ReadyClient


class _Kernel(ReadyClient):
    """A client whose kernel says what a test has written down."""

    def __init__(self, shell: list[Any], iopub: list[Any], alive: bool = True) -> None:
        super().__init__()
        self.shell, self.iopub, self.alive, self.asked = shell, iopub, alive, 0

    def kernel_info(self) -> str:
        self.asked += 1
        return f"question {self.asked}"

    async def get_shell_msg(self, timeout: float) -> dict[str, Any]:
        return _next(self.shell)

    async def get_iopub_msg(self, timeout: float) -> dict[str, Any]:
        return _next(self.iopub)

    async def is_alive(self) -> bool:
        return self.alive


def _next(messages: list[Any]) -> dict[str, Any]:
    message = messages.pop(0) if messages else None
    if message is None:
        raise Empty
    return message


def _message(question: int, kind: str, **content: Any) -> dict[str, Any]:
    return {"parent_header": {"msg_id": f"question {question}"}, "msg_type": kind, "content": content}


def _reply(question: int) -> dict[str, Any]:
    return _message(question, "kernel_info_reply", protocol_version="5.3")


def test_ready_when_the_work_on_the_question_has_ended() -> None:
    said = [
        _message(0, "iopub_welcome"),
        _message(1, "status", execution_state="busy"),
        _message(1, "status", execution_state="idle"),
        _message(1, "stream", text="later"),
    ]
    kernel = _Kernel([_reply(1)], said)
    asyncio.run(kernel.wait_for_ready(5))
    assert kernel.asked == 1
    assert [message["msg_type"] for message in said] == ["stream"]  # nothing after it was swallowed


def test_asks_again_when_the_common_channel_was_not_connected_yet() -> None:
    idle = _message(2, "status", execution_state="idle")
    kernel = _Kernel([_reply(1), _reply(2)], [None, idle])
    asyncio.run(kernel.wait_for_ready(5))
    assert kernel.asked == 2


def test_an_answer_to_an_earlier_question_does_not_count() -> None:
    kernel = _Kernel([None, _reply(1), _reply(2)], [_message(2, "status", execution_state="idle")])
    asyncio.run(kernel.wait_for_ready(5))
    assert kernel.asked == 2


def test_a_kernel_that_dies_or_is_late_is_told() -> None:
    with pytest.raises(RuntimeError, match="died before it was ready"):
        asyncio.run(_Kernel([], [], alive=False).wait_for_ready(5))
    with pytest.raises(RuntimeError, match="not ready after 0 seconds"):
        asyncio.run(_Kernel([], []).wait_for_ready(0))
