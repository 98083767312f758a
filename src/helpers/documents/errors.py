"""The one error of this room: what is wrong with a document, where, and what to do."""

from __future__ import annotations


class DocumentError(ValueError):
    """A document that cannot be read, or a token that does not stand where it was said to stand.

    Parameters
    ----------
    file : str
        Name or path of the document.
    place : str
        Where in it, such as `line 12`; empty when the whole file is meant.
    problem : str
        What is wrong, in plain words.
    remedy : str
        What to do about it.

    """

    def __init__(self, file: str, place: str, problem: str, remedy: str) -> None:
        self.file, self.place, self.problem, self.remedy = str(file), place, problem, remedy
        where = f"{file}, {place}" if place else str(file)
        super().__init__(f"{where}: {problem}; {remedy}")

    def __reduce__(self) -> tuple:
        # An error raised in a worker process is pickled on its way home.
        return (type(self), (self.file, self.place, self.problem, self.remedy))
