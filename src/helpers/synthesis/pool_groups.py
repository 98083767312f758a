"""Which estimates may be pooled: the same contrast, unit and measure, at a like time, one from each study."""

from __future__ import annotations

from helpers.synthesis.comparability import alike


def controlled_elsewhere(line: dict, others: list[dict], tolerance: float) -> bool:
    """Return whether a change within an arm is told better by the same study's own comparison."""
    if line["contrast"] != "within_arm":
        return False
    return any(
        other["study_id"] == line["study_id"]
        and other["contrast"] in ("between_arm", "within_person")
        and other["unit"] == line["unit"]
        and alike(other["timepoint_weeks"], line["timepoint_weeks"], tolerance)
        for other in others
    )


def grouped(estimates: list[dict], tolerance: float) -> list[list[dict]]:
    """Sort estimates into groups that may be pooled; a study gives a group one estimate, its latest."""
    groups: list[list[dict]] = []
    ordered = sorted(estimates, key=lambda line: (-(line["timepoint_weeks"] or 0), line["line_id"]))
    for line in ordered:
        for group in groups:
            first = group[0]
            same = all(line[name] == first[name] for name in ("contrast", "unit", "measure"))
            new = line["study_id"] not in {other["study_id"] for other in group}
            if same and new and alike(line["timepoint_weeks"], first["timepoint_weeks"], tolerance):
                group.append(line)
                break
        else:
            groups.append([line])
    return groups
