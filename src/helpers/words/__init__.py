"""Sentences that follow from tables, the same in notebooks and on pages."""
