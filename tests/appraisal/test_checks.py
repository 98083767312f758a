"""Each check finds the figure that was broken, weighs it rightly, and says what it lacks."""

from __future__ import annotations

import pytest
from frames import STUDY, evidence, frame, quantity, result

from helpers.appraisal.evidence import StudyEvidence
from helpers.appraisal.findings import RULES, run_checks
from helpers.appraisal.rules import NotApplicable

RULE = {rule.name: rule for rule in RULES}


def severities(name: str, study: StudyEvidence) -> list[str]:
    """Return the severities of a rule's findings, checked against the table."""
    rows = RULE[name].run(study)
    frame("findings", rows)
    return [row["severity"] for row in rows]


def density(mean: float, sd: float, name: str = "m", **fields) -> dict:
    """Return the quantity of a mean density with its SD."""
    return quantity(name, f"{mean} ± {sd}", "hair_density", value=mean, sd=sd, kind="mean_sd", **fields)


def with_percent(percent: str, n: int) -> StudyEvidence:
    """Return a study with one share of people."""
    value = float(percent)
    share = quantity("p", f"{percent}%", "satisfaction", value=value, kind="percent")
    people = quantity("n", str(n), "sample_size", value=n, kind="n", role="design", line=3, section="Methods")
    row = result(1, ids=["p"], concept="satisfaction", kind="count", percent=value / 100)
    return evidence([share, people], [row], study={"n_enrolled": n})


def test_rules_without_inputs_are_not_applicable():
    findings, checks = run_checks(evidence(study={"comparison": None}, arms=[]))
    assert findings == []
    assert {row["outcome"] for row in checks} <= {"not applicable", "passed"}
    assert len(frame("checks", checks)) == len(RULES)


@pytest.mark.parametrize(
    ("percent", "n", "found"), [("80", 16, ["certain"]), ("87", 16, ["likely"]), ("75", 16, [])]
)
def test_share_of_people(percent, n, found):
    assert severities("percent-of-n", with_percent(percent, n)) == found


def test_a_finding_says_where_and_with_which_numbers():
    row = RULE["percent-of-n"].run(with_percent("80", 16))[0]
    assert row["finding_id"] == f"{STUDY}.rule-percent-of-n-1"
    assert row["locators"] == "made.txt, line 7 (Results); made.txt, line 3 (Methods)"
    assert "12.8" in row["arithmetic"] and "n = " in row["arithmetic"]
    assert row["quantity_ids"] == f"{STUDY}.p;{STUDY}.n"
    assert row["concepts"] == "satisfaction"


def with_range(mean: float, sd: float, n: int | None, enrolled: int = 16) -> StudyEvidence:
    """Return a group whose values lie from 75 to 95."""
    ends = quantity("r", "75 to 95", "hair_density", value_low=75, value_high=95, kind="range")
    row = result(1, ids=["m", "r"], mean=mean, sd=sd, minimum=75.0, maximum=95.0, n=n)
    return evidence([density(mean, sd), ends], [row], study={"n_enrolled": enrolled})


@pytest.mark.parametrize(
    ("mean", "sd", "n", "found"),
    [
        (85, 8, 16, []),
        (80, 10, 16, ["likely"]),  # 75 to 95 may have been 74.5 to 95.5, and digits may have been cut off
        (85, 14, 16, ["certain"]),
        (85, 20, None, ["certain"]),  # at no size
        (80, 10, None, ["likely"]),  # 75, 75, 75 and 95 have it
        (120, 3, 16, ["certain", "certain"]),
    ],
)
def test_sd_in_range(mean, sd, n, found):
    assert severities("sd-in-range", with_range(mean, sd, n)) == found


def with_change(change: float, sd: float, n: int | None = 20) -> StudyEvidence:
    """Return a group with levels 80 ± 10 and 95 ± 12 and a change."""
    figures = [density(80, 10, "a"), density(95, 12, "b"), density(change, sd, "c")]
    rows = [
        result(1, ids=["a"], mean=80, sd=10, n=n),
        result(2, ids=["b"], mean=95, sd=12, n=n, timepoint_weeks=24),
        result(3, ids=["c"], mean=change, sd=sd, n=n, timepoint_weeks=24, kind="change"),
    ]
    return evidence(figures, rows)


@pytest.mark.parametrize(
    ("change", "sd", "n", "found"),
    [
        (15, 6, 20, []),
        (16, 6, 20, []),  # by rounding
        (25, 6, 20, ["certain"]),
        (25, 6, None, ["likely"]),  # the means may be of different people
        (15, 30, 20, ["certain"]),
        (15, 1, 20, []),  # by rounding of the SDs
        (15, 0.4, 20, ["likely"]),  # just possible when digits were cut off
    ],
)
def test_change_of_levels(change, sd, n, found):
    assert severities("change-of-levels", with_change(change, sd, n)) == found


def test_whole_numbers():
    figures = [quantity("h", "5.19", "hair_count", value=5.19)]
    row = result(1, ids=["h"], concept="hair_count", mean=5.19, n=28, unit="hairs")
    assert severities("granularity", evidence(figures, [row])) == ["minor"]  # or 436 / 84, three counts each
    figures = [quantity("h", "5.17", "hair_count", value=5.17)]
    row = result(1, ids=["h"], concept="hair_count", mean=5.17, n=7, unit="hairs")
    assert severities("granularity", evidence(figures, [row])) == ["certain"]
    graded = [quantity("h", "5.17", "patient_global", value=5.17)]
    row = result(1, ids=["h"], concept="patient_global", mean=5.17, n=7)
    assert severities("granularity", evidence(graded, [row])) == ["likely"]


def with_p(p: str, n: tuple[int, int] = (8, 8), against: str | None = "control") -> StudyEvidence:
    """Return two groups at one time with a p value."""
    figures = [
        density(95, 12, "a"),
        density(85, 14, "b"),
        quantity("p", p, "hair_density", value=float(p), kind="p_value"),
    ]
    rows = [
        result(
            1,
            ids=["a", "p"],
            mean=95,
            sd=12,
            n=n[0],
            p_value=float(p),
            p_value_against=against,
            timepoint_weeks=4,
        ),
        result(2, ids=["b"], arm_id="control", mean=85, sd=14, n=n[1], timepoint_weeks=4),
    ]
    return evidence(figures, rows, study={"n_enrolled": sum(n)})


@pytest.mark.parametrize(("p", "found"), [("0.15", []), ("0.0001", ["minor"]), ("0.021", ["minor"])])
def test_p_value_of_two_groups(p, found):
    assert severities("p-value", with_p(p)) == found


def test_p_value_without_owner():
    assert severities("p-value-owner", with_p("0.15", against="baseline")) == ["certain"]
    assert severities("p-value-owner", with_p("0.15")) == []


def test_printed_twice():
    blocks = [
        quantity("b1", "6", "block_size", value=6, role="design", kind="count"),
        quantity("b2", "4", "block_size", value=4, role="design", kind="count"),
    ]
    assert severities("printed-twice", evidence(blocks)) == ["certain"]
    assert (
        severities("printed-twice", evidence(blocks[:1] + [blocks[1] | {"printed": "6", "value": 6}])) == []
    )
    abstract = quantity("a", "35.4", "hair_density", value=35.4, section="Abstract: Results")
    assert (
        severities("printed-twice", evidence([abstract, quantity("t", "35", "hair_density", value=35)])) == []
    )
    assert severities(
        "printed-twice", evidence([abstract, quantity("t", "53", "hair_density", value=53)])
    ) == ["certain"]


def test_phase_with_two_values():
    phases = [
        quantity(name, printed, "phase", kind="grade", role="design")
        for name, printed in (("a", "2-3"), ("b", "1-2"))
    ]
    assert severities("registry-conflict", evidence(phases)) == ["certain"]
    assert severities("registry-conflict", evidence([phases[0], phases[1] | {"printed": "2–3"}])) == []


def test_units():
    rows = [quantity("a", "80", "hair_density", value=80, unit="hairs/cm²")]
    assert (
        severities("units", evidence([*rows, quantity("b", "81", "hair_density", value=81, unit="hair/cm2")]))
        == []
    )
    follicles = quantity("b", "81", "hair_density", value=81, unit="follicles/cm2")
    assert severities("units", evidence([*rows, follicles])) == ["likely"]


def test_control_group_of_a_single_arm_study():
    rows = [result(1, ids=["m"], arm_id="control", mean=80, sd=10)]
    assert severities(
        "control-group", evidence([density(80, 10)], rows, study={"comparison": "single_arm"})
    ) == ["certain"]
    assert severities("control-group", evidence([density(80, 10)], rows)) == []


def test_time_points():
    visits = [
        quantity(
            f"v{month}",
            f"{month} months",
            "follow_up",
            value=month,
            unit="months",
            kind="timepoint",
            role="design",
        )
        for month in (6, 12)
    ]
    rows = [result(1, ids=["m"], mean=80, sd=10, timepoint_weeks=12 * 365.25 / 12 / 7)]
    assert severities("time-point-not-reported", evidence([density(80, 10), *visits], rows)) == ["certain"]
    both = [*rows, result(2, ids=["m"], mean=80, sd=10, timepoint_weeks=26)]
    assert severities("time-point-not-reported", evidence([density(80, 10), *visits], both)) == []
    with pytest.raises(NotApplicable):
        RULE["time-point-not-reported"].run(evidence(visits))


def test_outcomes_planned_and_reported():
    rows = [result(1, ids=["m"], mean=80, sd=10)]
    study = evidence(
        [density(80, 10)], rows, outcomes=[{"concept": "hair_density"}, {"concept": "hair_thickness"}]
    )
    assert severities("outcome-not-reported", study) == ["certain"]
    study = evidence([density(80, 10)], rows, outcomes=[{"concept": "satisfaction", "priority": "other"}])
    assert severities("outcome-not-planned", study) == ["minor"]


@pytest.mark.parametrize(
    ("block", "planned", "found"), [(6, 60, []), (5, 60, ["certain"]), (6, 62, ["minor"])]
)
def test_block_size(block, planned, found):
    figures = [
        quantity("b", str(block), "block_size", value=block, role="design", kind="count"),
        quantity("r", "1:1:1", "allocation_ratio", role="design", kind="ratio"),
    ]
    assert severities("block-size", evidence(figures, study={"n_planned": planned})) == found


def test_dates():
    def dated(**days: str) -> StudyEvidence:
        figures = [quantity(name, day, name, kind="date", role="design") for name, day in days.items()]
        return evidence(figures, source={"status": "recruiting"})

    assert severities("dates", dated(recruitment_start="2025-08-23", recruitment_end="2024-08-23")) == [
        "certain"
    ]
    assert severities("dates", dated(registration_date="2025-08-02", recruitment_start="2025-08-23")) == [
        "likely"
    ]
    assert (
        severities("dates", dated(registration_date="2 August 2025", recruitment_start="August 2025")) == []
    )
    assert severities("dates", dated(ethics_date="2025-09-01", registration_date="2025-08-02")) == ["likely"]


def test_numbers_of_people():
    arms = [
        {"arm_id": "exosome", "role": "exosome", "n": 12},
        {"arm_id": "control", "role": "placebo", "n": 12},
    ]
    assert severities("totals", evidence(arms=arms, study={"n_enrolled": 24})) == []
    assert severities("totals", evidence(arms=arms, study={"n_enrolled": 20})) == ["certain"]
    assert severities("totals", evidence(arms=arms, study={"n_enrolled": 26})) == ["likely"]
    events = [{"term": "pain", "count": 9, "n": 8}]
    assert severities("totals", evidence(events=events)) == ["certain"]


def test_count_with_percent():
    figures = [
        quantity("c", "12", "satisfaction", value=12, kind="count"),
        quantity("p", "80%", "satisfaction", value=80, kind="percent"),
    ]
    row = {"concept": "satisfaction", "kind": "count", "count": 12, "percent": 0.8}
    assert severities("count-and-percent", evidence(figures, [result(1, ids=["c", "p"], n=15, **row)])) == []
    assert severities("count-and-percent", evidence(figures, [result(1, ids=["c", "p"], n=16, **row)])) == [
        "certain"
    ]


def test_ages():
    figures = [quantity("a", "61-year-old", "age", value=61, kind="age")]
    assert severities("age-limits", evidence(figures, study={"age_min": 18, "age_max": 60})) == ["certain"]
    assert severities("age-limits", evidence(figures, study={"age_min": 18, "age_max": 61})) == []


def test_words_of_the_design():
    outcomes = [{"concept": "investigator_global", "measure": "rating by a blinded investigator"}]
    assert severities("masking", evidence(study={"masking": "not blinded"}, outcomes=outcomes)) == ["likely"]
    assert (
        severities("masking", evidence(study={"masking": "open label; blinded raters"}, outcomes=outcomes))
        == []
    )
    arms = [
        {"arm_id": "exosome", "role": "exosome", "label": "treated area"},
        {"arm_id": "control", "role": "placebo", "label": "control area"},
    ]
    crossed = {"comparison": "within_person", "design": "crossover"}
    assert severities("design-field", evidence(study=crossed, arms=arms)) == ["certain"]
    assert severities("design-field", evidence(study=crossed | {"design": "split scalp"}, arms=arms)) == []


def test_sessions():
    def course(at: str) -> StudyEvidence:
        interval = quantity(
            "i", "1 month", "session_interval", value=1, unit="months", kind="duration", role="design"
        )
        session = quantity(
            "s", "3rd session", "sessions", value=3, unit="sessions", kind="count", role="design"
        )
        return evidence([interval, session | {"timepoint_printed": at}])

    assert severities("session-times", course("Month 2")) == []
    assert severities("session-times", course("Month 3")) == ["likely"]


def test_a_measure_of_a_comparison_is_no_unit():
    figures = [
        quantity("a", "9.5", "hair_count", value=9.5, unit="hairs", kind="median"),
        quantity("b", "0.73", "hair_count", value=0.73, unit="Cliff's delta", kind="ratio"),
    ]
    assert severities("units", evidence(figures)) == []
    figures.append(quantity("c", "20", "hair_count", value=20, unit="follicles"))
    assert severities("units", evidence(figures)) == ["likely"]


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"section": "Methods", "line": 3}, "Methods"),
        ({"section": None, "line": 3}, "line 3"),
        ({"section": None, "line": None, "access": "abstract"}, "abstract"),
        ({"section": None, "line": None}, "place not stated"),
    ],
)
def test_the_place_of_a_figure_is_always_told(where, words):
    figures = [
        quantity("a", "20", "sample_size", value=20, kind="n", role="design", unit="people", **where),
        quantity("b", "24", "sample_size", value=24, kind="n", role="design", unit="people"),
    ]
    rows = RULE["printed-twice"].run(evidence(figures))
    assert any(f"20 ({words})" in row["arithmetic"] for row in rows)
