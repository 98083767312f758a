"""`python -m helpers` is the command `evidence`."""

from helpers.cli import main

if __name__ == "__main__":
    main()
