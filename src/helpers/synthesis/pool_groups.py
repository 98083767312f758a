"""Which estimates may be pooled: the same contrast, unit and measure, at a like time, one from each study."""

from __future__ import annotations

from helpers.sources.time_points import weeks_after_end
from helpers.synthesis.comparability import alike


def controlled_elsewhere(line: dict, others: list[dict], tolerance: float) -> bool:
    """Return whether a change within an arm is told better by the same study's own comparison."""
    if line["contrast"] != "within_arm":
        return False
    return any(
        other["study_id"] == line["study_id"]
        and other["contrast"] in ("between_arm", "within_person")
        and not other.get("contrast_doubt")
        and other["unit"] == line["unit"]
        and alike(other["timepoint_weeks"], line["timepoint_weeks"], tolerance)
        for other in others
    )


def visit_order(line: dict) -> tuple[float, float]:
    """Return what visits are sorted by: weeks from the start, else weeks from the end of treatment."""
    return line["timepoint_weeks"] or 0.0, weeks_after_end(line.get("timepoint_printed")) or 0.0


def grouped(estimates: list[dict], tolerance: float, visit: str = "latest") -> list[list[dict]]:
    """Sort estimates into groups that may be pooled; a study gives a group one estimate.

    Parameters
    ----------
    estimates : list of dict
        Lines with `contrast`, `unit`, `measure`, `study_id`, `line_id` and times.
    tolerance : float
        Share of the longer time by which two times may differ; 1 sets any times side by side.
    visit : str
        `latest` takes a study's longest follow-up that fits a group, `earliest` its shortest.

    """
    groups: list[list[dict]] = []
    ordered = sorted(estimates, key=lambda line: line["line_id"])
    ordered.sort(key=visit_order, reverse=visit == "latest")
    for line in ordered:
        for group in groups:
            first = group[0]
            same = all(line[name] == first[name] for name in ("contrast", "unit", "measure"))
            new = line["study_id"] not in {other["study_id"] for other in group}
            near = tolerance >= 1 or alike(line["timepoint_weeks"], first["timepoint_weeks"], tolerance)
            if same and new and near:  # a tolerance of 1 sets any times side by side, also one not stated
                group.append(line)
                break
        else:
            groups.append([line])
    return groups
