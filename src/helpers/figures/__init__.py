"""Figures: one function a figure, each with its alternative text.

Every drawing function takes plain rows and returns a `Figure`.
"""
