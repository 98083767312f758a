"""A client that takes a kernel for ready as soon as it is.

The usual one listens for a fifth of a second more, to be sure that nothing else comes; but a kernel says when
it has done with a question, and what it says comes in order.
"""

from __future__ import annotations

import time
from queue import Empty
from typing import Any

import zmq
from jupyter_client.asynchronous import AsyncKernelClient

ANSWER = 1.0  # seconds until the kernel is looked at again
HEARD = 0.2  # seconds until a question is asked again whose answer on the common channel was not heard
AGAIN = 10  # milliseconds until a socket that is not there yet is tried again


class ReadyClient(AsyncKernelClient):
    """As jupyter_client's, without waits of a fixed length."""

    def start_channels(self, *channels: Any, **more: Any) -> None:
        """Connect; a kernel that has not opened its sockets yet is tried again soon."""
        self.context.setsockopt(zmq.RECONNECT_IVL, AGAIN)
        super().start_channels(*channels, **more)

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel has answered a question on both channels.

        Raises
        ------
        RuntimeError
            When the kernel dies before, or the time is over.

        """
        end = time.monotonic() + (float("inf") if timeout is None else timeout)
        while not await self._answers():
            if not await self.is_alive():
                raise RuntimeError("the kernel died before it was ready")
            if time.monotonic() > end:
                raise RuntimeError(f"the kernel was not ready after {timeout} seconds")

    async def _answers(self) -> bool:
        """Ask who the kernel is; return whether the answer, and the end of the work on it, were heard."""
        question = self.kernel_info()
        reply = await self._next(self.get_shell_msg, question, ANSWER, "kernel_info_reply")
        if reply is None:
            return False
        self._handle_kernel_info_reply(reply)
        return await self._next(self.get_iopub_msg, question, HEARD, "status", "idle") is not None

    async def _next(
        self, listen: Any, question: str, timeout: float, kind: str, state: str | None = None
    ) -> dict[str, Any] | None:
        """Return the next message of a kind that belongs to a question; None when there is none in time."""
        while True:
            try:
                message = await listen(timeout=timeout)
            except Empty:
                return None
            same = message["parent_header"].get("msg_id") == question and message["msg_type"] == kind
            if same and state in (None, message["content"].get("execution_state")):
                return message
