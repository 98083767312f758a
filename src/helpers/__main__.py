"""The command `evidence`, also `python -m helpers`: what stops it is heard while the rest is imported."""

import os
import signal
import sys


def start() -> None:
    """Run the command line and end the process with its status."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _stop)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:  # closed by whoever called: what is opened next would take its place
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
            os.set_inheritable(number, True)
            setattr(sys, name, open(number, "w" if number else "r"))  # noqa: SIM115
    from helpers.cli import main

    main()


def _stop(number: int, _: object) -> None:
    """End at once: nothing has begun that would have to be undone, or all is done."""
    os.write(2, b"interrupted\n")
    os._exit(128 + number)


if __name__ == "__main__":
    start()
