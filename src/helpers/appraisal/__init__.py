"""What a study's figures can and cannot mean: consistency checks, risk of bias, certainty.

`evidence` is what is known of one study, `rules` (with `rules.yaml`) what a check is and which there are.
`granularity` (means and percentages against n), `spread` (SDs), `changes` (before and after), `p_values`,
`counts`, `contradictions`, `conduct` and `reporting` hold the checks, each named for what it looks at.
`discrepancies` runs them and merges theirs with those of reviewers. `risk_of_bias` judges with the
tools of `tools.yaml`, `grade` by the rules of `certainty.yaml`.

>>> evidence = StudyEvidence.from_tables(tables, "wan2025")  # doctest: +SKIP
>>> discrepancies, checks = run_checks(evidence)  # doctest: +SKIP
"""
