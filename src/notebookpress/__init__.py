"""Notebooks run and printed: papermill over a declared graph, tables kept by a schema, pages."""
