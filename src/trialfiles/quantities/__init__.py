"""The quantities printed in a text: values with their unit, spread, counts, tests and times."""
