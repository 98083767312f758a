"""The pages of the report, made from the executed notebooks and the tables."""
