"""Notebooks run and printed: papermill over a declared graph; knows nothing of what they are about."""
