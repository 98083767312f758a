"""The confirmation room: what a machine proposed of a study, confirmed at its place; the second reading."""

from helpers.confirm.readings import open_room, waiting_studies
from helpers.confirm.screen import show_room

__all__ = ["open_room", "show_room", "waiting_studies"]
