"""The command `evidence`, also `python -m helpers`: what stops it is heard while the rest is imported."""

import os
import signal


def main() -> None:
    """Run the command line and end the process with its status."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _stop)
    from helpers.cli import start

    start()


def _stop(number: int, _: object) -> None:
    """End at once: nothing has begun that would have to be undone, or all is done."""
    os.write(2, b"interrupted\n")
    os._exit(128 + number)


if __name__ == "__main__":
    main()
