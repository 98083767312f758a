"""WHO ICTRP exports (XML and CSV), and registers' own exchange XML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, pairwise
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import iterparse

from trialfiles.forms import names_of, patterns_of
from trialfiles.record import Problem, Row, SourceError, SourceRecord, refusal, stated_source
from trialfiles.text import (
    LARGEST_TEXT,
    XML_ERRORS,
    age_years,
    inert,
    lines_of,
    local_name,
    name_apart,
    parse_xml,
    people,
    registry_numbers,
    sex_of,
    slug,
    trial_key,
    xml_problem,
)
from trialfiles.times import iso_date, iso_us, time_in_words, weeks
from trialfiles.vocabulary import NO_WORDS, Vocabulary
from trialfiles.worksheets import plain_heading, sheet_cell_text, table_sheets

ROOT = "Trials_downloaded_from_ICTRP"
_NAMES = names_of("ictrp")
_SAID = patterns_of("ictrp", "patterns")
Fields = dict[str, str]


def read_ictrp(path: Path, vocabulary: Vocabulary = NO_WORDS) -> list[SourceRecord]:
    """Read every trial of an ICTRP XML export, in order; country copies and second registers are joined.

    Raises
    ------
    SourceError
        For broken or hostile XML, another root, or a trial without an id.
    """
    try:
        fields = list(_xml_trials(path))
    except SourceError:
        if path.stat().st_size > LARGEST_TEXT or (root := parse_xml(path)).tag != ROOT:
            raise
        # mended: only its signs or its encoding were wrong
        fields = [_flat(trial) for trial in root.iter("Trial")]
    if not fields:
        raise refusal(path, 1, ROOT, "no <Trial> in it", "export at least one trial")
    return _records(path, fields, "WHO ICTRP XML", vocabulary)


def read_ictrp_csv(path: Path, vocabulary: Vocabulary = NO_WORDS) -> list[SourceRecord]:
    """Read every row of an ICTRP export as CSV or xlsx, as `read_ictrp` does; other sheets are named."""
    fields: list[Fields] = []
    unread: list[Problem] = []
    for sheet in table_sheets(path):
        heads, lines = sheet.below(lambda cells: "trialid" in map(plain_heading, cells))
        unread += [] if heads else [sheet.not_read()]
        names = [re.sub(r"\W+", "_", head) for head in heads]
        for line, cells in lines:
            if len(cells) > len(names) or (len(cells) < len(names) and not sheet.name):
                problem = f"trial {len(fields) + 1} has too many or too few columns"
                raise refusal(path, line, sheet.name, problem, "export it again as CSV")
            texts = (str(cell) if isinstance(cell, str) else sheet_cell_text(cell) or "" for cell in cells)
            fields.append(dict(zip(names, texts, strict=False)))
    if not fields:
        raise refusal(path, 1, "", "no trial in it", "export at least one trial")
    records = _records(path, fields, "WHO ICTRP CSV", vocabulary)
    records[0].unread += unread
    return records


def _flat(trial: Element) -> Fields:
    return {str(child.tag): "".join(child.itertext()) for child in trial}


def _xml_trials(path: Path) -> Iterator[Fields]:
    """Yield the fields of each trial; a trial is let go when it has been read."""
    try:
        root: Any = None
        for event, element in iterparse(path, events=("start", "end"), forbid_dtd=True):
            root = element if root is None else root
            if event == "end" and element.tag == "Trial" and root.tag == ROOT:
                yield _flat(element)
                root.clear()
    except XML_ERRORS as error:
        raise xml_problem(path, error) from None
    if root is None or root.tag != ROOT:
        problem = "not an ICTRP export, nor other XML that can be read"
        known = names_of("recognition")["known"]
        remedy = f"export from the ICTRP search portal, whose root is <{ROOT}>, or give {known}"
        raise refusal(path, 1, str(root.tag).rpartition("}")[2][:40], problem, remedy)


def _records(path: Path, trials: list[Fields], form: str, vocabulary: Vocabulary) -> list[SourceRecord]:
    found = []
    for number, fields in enumerate(trials, start=1):
        lowered = {name.lower(): text for name, text in fields.items()}
        lowered = {name: text for name, text in lowered.items() if not name.startswith("contact")}
        if not inert(lowered.get("trialid")):
            problem = Problem(str(path), None, f"Trial {number}", "no TrialID", "export the trial again")
            raise SourceError(problem)
        found.append(trial_record(lowered, form, vocabulary))
    return join_trials(found)


def trial_record(fields: Fields, form: str, vocabulary: Vocabulary) -> SourceRecord:
    """Return the rows of one trial from its fields, named as ICTRP names them, in lower case."""
    text = {name: inert(value) for name, value in fields.items()}
    study_id = (text["trialid"] or "")[:64]
    return SourceRecord(
        sources=[_source(study_id, text, form)],
        studies=[_study(study_id, text, fields)],
        arms=listed_arms(study_id, fields.get("intervention"), vocabulary),
        outcomes=listed_outcomes(study_id, fields, vocabulary),
        registered=[_registered(study_id, text, fields)],
    )


def _source(study_id: str, text: dict[str, str | None], form: str) -> Row:
    day = iso_us(text.get("export_date"))
    posted = bool(text.get("results_url_link") or text.get("results_date_posted")) or None
    answer = {"yes": True, "no": False}.get((text.get("results_yes_no") or "").lower())
    said = f"Export of the WHO search portal of {day}" if day else None
    return stated_source(
        study_id,
        form,
        citation=text.get("public_title") or text.get("scientific_title"),
        registration=study_id,
        status=(text.get("recruitment_status") or "").lower() or None,
        has_results=posted or answer,
        access="record",
        provenance=text.get("provenance") or said,
    )


def _study(study_id: str, text: dict[str, str | None], fields: Fields) -> Row:
    design = text.get("study_design") or ""
    low = design.lower()
    parallel = "parallel" in low and "parallel group: no" not in low
    named = _SAID["assign"].search(design)
    alone = low.strip() if low.strip() in _NAMES["assignments"] else None
    assigned = named[1].strip().lower().removesuffix(" assignment") if named else alone
    words = [(text.get("study_type") or "").lower(), assigned]
    lines = lines_of(fields.get("condition"))  # EUCTR adds the entries of a dictionary
    conditions = parts_of(";".join(line for line in lines if not _SAID["meddra"].match(line)))
    return {
        "study_id": study_id,
        "title": text.get("scientific_title") or text.get("public_title"),
        "design": ", ".join(filter(None, words)) or None,
        "allocation": allocation_of(design),
        "comparison": "parallel" if parallel else "single_arm" if _SAID["single_arm"].search(low) else None,
        "masking": masking_of(design),
        "phase": phase_of(text.get("phase")),
        "n_planned": people(text.get("target_size")),
        "n_enrolled": people(text.get("actual_size")),
        "sex": sex_of(text.get("inclusion_gender")),
        "age_min": age_years(text.get("inclusion_agemin")),
        "age_max": age_years(text.get("inclusion_agemax")) or None,
        "population": "; ".join(conditions) or None,
        "country": ", ".join(parts_of(text.get("countries"))) or None,
        "funding": text.get("source_support") or text.get("primary_sponsor"),
        "registration": study_id,
        "registered_on": iso_date(text.get("date_registration3")) or iso_date(text.get("date_registration")),
        "starts_on": iso_date(text.get("date_enrollement") or text.get("date_enrolment")),
        "ends_on": iso_date(text.get("results_date_completed")),
        "end_of": (text.get("end_of") or "study") if text.get("results_date_completed") else None,
    }


def _registered(study_id: str, text: dict[str, str | None], fields: Fields) -> Row:
    """Return the facts that no table has a column for."""
    others = registry_numbers(f"{text.get('secondary_id') or ''} {text.get('other_records') or ''}")
    criteria = [lines_of(fields.get(name)) for name in ("inclusion_criteria", "exclusion_criteria")]
    return {column: text.get(field) for column, field in _NAMES["registered"].items()} | {
        "study_id": study_id,
        "other_ids": [name for name in others if name != study_id],
        "refreshed_on": iso_date(text.get("last_refreshed_on")),
        "seen_on": iso_us(text.get("export_date")),
        "eligibility": "\n".join(chain.from_iterable(criteria)) or None,
        "ethics_on": iso_date(text.get("ethics_review_approval_date")),
    }


def join_trials(records: list[SourceRecord]) -> list[SourceRecord]:
    """Return one record a trial, in the order in which trials first stand.

    Parameters
    ----------
    records : list of SourceRecord
        One study each. Records are of one trial when they share a registration number, their own or one
        under `other_ids`; the universal trial number counts as one.

    Returns
    -------
    list of SourceRecord
        A joined record keeps every source; its study is the first record's, filled from the others, with
        the fields in which they differ under `differences` of `registered`.
    """
    owner: dict[str, int] = {}
    groups: dict[int, list[SourceRecord]] = {}
    for index, record in enumerate(records):
        keys = [trial_key(record.studies[0]["study_id"])]
        keys += [trial_key(name) for row in record.registered for name in row["other_ids"]]
        homes = sorted({owner[key] for key in keys if key in owner})
        home = homes[0] if homes else index
        groups.setdefault(home, []).append(record)
        for other in homes[1:]:  # this record ties two groups together
            groups[home] += groups.pop(other)
            owner.update({key: home for key, place in owner.items() if place == other})
        owner.update(dict.fromkeys(keys, home))
    return [_joined(group) for _, group in sorted(groups.items())]


def _joined(group: list[SourceRecord]) -> SourceRecord:
    first, *others = group
    study = first.studies[0]
    countries = [study.get("country")]
    for other in others:
        row = other.studies[0]
        differences: list[Row] = []
        for name, value in row.items():
            if name in ("study_id", "registration", "country") or value is None:
                continue
            if study.get(name) is None:
                study[name] = value
            elif study[name] != value:
                differences.append({"column": name, "here": study[name], "there": value})
        first.sources += [source | {"study_id": study["study_id"]} for source in other.sources]
        first.registered += [fact | {"differences": differences} for fact in other.registered]
        countries.append(row.get("country"))
        for name in ("arms", "outcomes"):
            if not getattr(first, name):
                rows = getattr(other, name)
                setattr(first, name, [row | {"study_id": study["study_id"]} for row in rows])
    names = [name for text in countries if text for name in text.split(", ")]
    study["country"] = ", ".join(dict.fromkeys(names)) or None
    return first


def listed_outcomes(study_id: str, fields: Fields, vocabulary: Vocabulary) -> list[Row]:
    """Return the rows of `outcomes` from the two raw texts."""
    rows = []
    for priority in ("primary", "secondary"):
        for index, (measure, time) in enumerate(
            outcomes_in(fields.get(f"{priority}_outcome") or ""), start=1
        ):
            row: Row = {"study_id": study_id, "outcome_id": f"{priority}-{index}", "priority": priority}
            row |= {"concept": vocabulary.concept(measure), "measure": measure, "unit": None}
            rows.append(row | {"timepoint_printed": time, "timepoint_weeks": weeks(time)})
    return rows


def outcomes_in(text: str) -> list[tuple[str, str | None]]:
    """Return measure and time of each outcome in a register's list."""
    if _SAID["euctr"].search(text):
        return _labelled(text)
    if "Timepoint:" in text:
        return list(_irct(text))
    numbered = [part for part in _SAID["numbered"].split(text) if part.strip()]
    items = numbered if len(numbered) > 1 else re.split(r";(?![^\[]{0,200}\])(?![^(]{0,200}\))", text)
    found = []
    for item in items:
        plain = inert(item)
        if not plain or _SAID["nothing"].fullmatch(plain.strip(" .;")):
            continue
        match = _SAID["time_last"].match(plain)
        measure, time = (match["measure"], match["time"].strip()) if match else (plain, time_in_words(plain))
        measure = measure.strip(" .;")
        if measure:
            found.append((measure, time))
    return found


def _labelled(text: str) -> list[tuple[str, str | None]]:
    """Read the labels of EUCTR: objectives are no outcomes, and the time stands before its end point."""
    parts = _SAID["euctr"].split(text)[1:]
    said = {label.lower(): words for label, words in zip(parts[::2], parts[1::2], strict=True)}
    times = [words for label, words in said.items() if label.startswith("timepoint")]
    time = inert(times[0].rstrip("; ")) if times else None
    measures = [
        inert(item.rstrip("; "))
        for label, words in said.items()
        if "end point(s)" in label
        # a list from its first word on; further down, numbers are the steps of a scale
        for item in (_SAID["numbered"].split(words) if _SAID["numbered"].match(words) else [words])
    ]
    return [(measure, time) for measure in measures if measure]


def _irct(text: str) -> Iterator[tuple[str, str | None]]:
    """Split at `;`, but keep what follows without a time point of its own with the outcome before it."""
    items: list[str] = []
    for part in text.split(";"):
        if "Timepoint:" in part or not items:
            items.append(part)
        else:
            items[-1] += f";{part}"
    for item in items:
        if item.strip(" ;"):
            measure, _, rest = (inert(item) or "").partition("Timepoint:")
            yield measure.strip(" ."), rest.partition(" Method of measurement:")[0].strip(" .") or None


def listed_arms(study_id: str, text: str | None, vocabulary: Vocabulary) -> list[Row]:
    """Return the rows of `arms` where a register lists groups; a list of products or drugs is none."""
    plain = inert(text) or ""
    if not plain or _SAID["nothing"].fullmatch(plain) or _SAID["products"].match(plain):
        return []
    arms = []
    numbered = [part for part in re.split(r"(?=\bIntervention \d+:)", plain) if part.strip()]
    items = _groups(plain)
    if len(numbered) > 1 or plain.startswith("Intervention 1:"):
        items = [(re.sub(r"^Intervention \d+:\s*", "", part).strip(), None) for part in numbered]
    for words, name in items:
        if not words:
            continue
        letter = re.search(r"\b[Gg]roup ([A-Z])\b", words)
        arm_id = f"group_{letter.group(1).lower()}" if letter else slug(name or words)
        role = vocabulary.role(words)
        if len(items) == 1 and role in ("placebo", "untreated"):
            role = "active"  # prose on a whole trial names its comparator too
        arms.append({"study_id": study_id, "arm_id": arm_id, "role": role, "label": words[:200].strip()})
    return name_apart(arms, "arm_id")


def _groups(plain: str) -> list[tuple[str, str | None]]:
    """Read `Experimental group:this;Control group:that;` as two groups; other prose is one."""
    starts = [match.start() for match in _SAID["label"].finditer(plain)]
    labelled = [
        _SAID["named"].match(plain[start:end].strip(" ;")) for start, end in pairwise([*starts, len(plain)])
    ]
    if len(labelled) > 1 and all(match and match["what"].strip() for match in labelled):
        return [(match.group().strip(), match["name"].strip()) for match in labelled if match]
    parts = [part for part in plain.split(";") if part.strip()]
    named = [_SAID["named"].match(part) for part in parts]
    if not all(named) or not plain.rstrip().endswith(";"):
        return [(plain, None)]
    pairs = [(match["name"].strip(), match["what"].strip()) for match in named if match]
    return [(f"{name}: {what}", name) for name, what in pairs]


_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}


def phase_of(text: str | None) -> str | None:
    """Return a phase as `0` to `4` or `2-3`; None for `N/A`, other words and a list of nothing but no."""
    text = text or ""
    if ticked := _SAID["euctr_phase"].findall(text):
        numbers = [number.lower() for number, answer in ticked if answer.lower() == "yes"]
    else:
        numbers = _SAID["phases"].findall(re.sub(r"early|phase", " ", text.lower()))
    found = sorted({_ROMAN.get(number, number) for number in numbers})
    return "-".join(found[:: len(found) - 1] if len(found) > 1 else found) or None


def allocation_of(design: str) -> str | None:
    """Return `randomized`, `not randomized` or the register's own word; None where nothing is said."""
    keyed = _SAID["random"].search(design)
    words = (keyed.group(1) if keyed else design).strip().lower()
    if keyed and (answer := re.match(r"(yes|no)\b(?! ?-?random)", words)):
        return "randomized" if answer.group() == "yes" else "not randomized"
    if re.search(r"\bn(?:on|ot?)[- ]?randomi[sz]ed", words):
        return "not randomized"
    if re.search(r"randomi[sz]ed|^rct\b", words):
        return "randomized"
    return words if keyed and words not in ("n/a", "na", "not applicable") else None


def masking_of(design: str) -> str | None:
    """Return how people were kept unaware, in the register's words in lower case."""
    if keyed := _SAID["mask"].search(design):
        words = keyed.group(1).partition("(")[0].strip().lower()
        return words or None
    if ticked := _SAID["blind"].findall(design):
        return ticked[-1].lower()
    match = _SAID["blinded"].search(design)
    return match.group(1).lower() if match and ":" not in design[match.end() : match.end() + 2] else None


def parts_of(text: str | None) -> list[str]:
    """Return the parts of a list that registers join with `;`, each once, in order."""
    found: dict[str, str] = {}
    for part in (text or "").split(";"):
        word = part.strip(" .")
        if word and not re.fullmatch(r"[?\s]+", word):
            found.setdefault(word.casefold(), word)
    return list(found.values())


def read_exchange(path: Path, vocabulary: Vocabulary = NO_WORDS) -> list[SourceRecord]:
    """Read every trial of a registry-exchange file.

    Raises
    ------
    SourceError
        For broken or hostile XML (a document type is allowed, entities are not), or a trial without an id.
    """
    root = parse_xml(path, doctype=True)
    trials = [element for element in root.iter() if local_name(element).lower() == "trial"] or [root]
    found = []
    for number, trial in enumerate(trials, start=1):
        fields = _fields(trial)
        if not fields.get("trialid", "").strip():
            problem = Problem(str(path), None, f"trial {number}", "no trial_id", "export the trial again")
            raise SourceError(problem)
        found.append(trial_record(fields, "WHO registry exchange XML", vocabulary))
    return join_trials(found)


def _fields(trial: Element) -> dict[str, str]:
    """Return a trial's leaves under the names of an ICTRP export."""
    leaves: dict[str, list[str]] = {}
    _collect(trial, leaves)
    fields = {}
    for field, names in _NAMES["leaves"].items():
        found = next((leaves[name][0] for name in names if leaves.get(name)), None)
        if found is not None:
            fields[field] = found
    for field, names in _NAMES["lists"].items():
        fields[field] = ";".join(text for name in names for text in leaves.get(name, []))
    for field, name in _NAMES["outcomes"].items():
        fields[field] = ";".join(text.strip(" ;") for text in leaves.get(name) or leaves.get(field, []))
    for field, mark, *names in _NAMES["either"]:
        fields[field] = mark.join(next(filter(None, map(leaves.get, names)), []))
    return fields


def _collect(element: Element, leaves: dict[str, list[str]]) -> None:
    for child in element:
        name = local_name(child).lower()
        if name in _NAMES["left_out"]:
            continue
        if len(child):
            _collect(child, leaves)
        elif child.text and child.text.strip():
            leaves.setdefault(name, []).append(child.text)
