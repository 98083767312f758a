"""Estimates of several studies together: groups, assumptions, tiers, sensitivity analysis, ongoing trials."""
