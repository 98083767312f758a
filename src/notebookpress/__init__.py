"""Notebooks run and printed: papermill over a declared graph of notebooks. Knows nothing of what they are about."""
