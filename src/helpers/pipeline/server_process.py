"""The fork server's process, as a run starts it."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

from helpers.pipeline.fork_server import SOCKET


def start_server(
    folder: Path, environment: dict[str, str], code: str, more: tuple[str, ...] = ()
) -> subprocess.Popen:
    """Start a fork server in a private folder; it ends when its standard input closes.

    `code` is the hash of the code that it will have, for runs that would share it.
    """
    with socket.socket(socket.AF_UNIX) as listener, (folder / "said").open("ab") as said:
        listener.bind(str(folder / SOCKET))
        listener.listen(128)
        (folder / "code").write_text(code, encoding="ascii")
        command = [sys.executable, "-P", "-m", "helpers.pipeline.fork_server", str(folder)]
        return subprocess.Popen(
            [*command, str(listener.fileno()), *more],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            env=environment,
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )
