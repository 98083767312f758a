"""What a study's figures can and cannot mean: consistency, risk of bias, certainty.

>>> evidence = StudyEvidence.from_tables(tables, "wan2025")  # doctest: +SKIP
>>> findings, checks = run_checks(evidence)  # doctest: +SKIP
"""
