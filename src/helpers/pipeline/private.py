"""What a forked process knows of itself: its server's address and its private folder; empty elsewhere."""

from __future__ import annotations

from pathlib import Path

ADDRESS: Path | None = None  # the fork server's socket
FOLDER: Path | None = None  # removed by the server when this process has ended
