"""The pages between the answer and the notebooks: one module a page, each made from the tables alone."""
