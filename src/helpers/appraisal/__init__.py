"""What a study's figures can and cannot mean: consistency checks, risk of bias, certainty.

`evidence` is what is known of one study and what a check yields. `counts` (whole numbers: shares, means and
SDs against n, people), `spread` (SDs), `changes` (before and after), `p_values`, `contradictions` and
`reporting` hold the checks, each named for what it looks at. `discrepancies` gives them the words of
`rules.yaml`, runs them and merges theirs with those of reviewers. `risk_of_bias` and `trust` judge with the
tools of `tools.yaml`, `grade` by the rules of `certainty.yaml`.

>>> evidence = StudyEvidence.from_tables(tables, "wan2025")  # doctest: +SKIP
>>> discrepancies, checks = run_checks(evidence)  # doctest: +SKIP
"""
