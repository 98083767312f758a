"""Schemas of what was printed, and where: sources, studies, arms, outcomes, quantities (notebook 01)."""

from helpers.tables.columns import count, flag, number, schema, text

TIERS = ("core", "published", "comparator")
COMPARISONS = ("parallel", "within_person", "single_arm", "case")
ARM_ROLES = ("exosome", "exosome_combination", "active", "placebo", "untreated")
PRIORITIES = ("primary", "secondary", "other", "safety")
QUANTITY_ROLES = ("design", "result", "safety", "cited")

# What was read of a source that is not at hand; `secondary` is another paper's word for it.
ACCESS = ("full text", "abstract", "table of the paper", "record", "title", "secondary")
CONFIDENCE = {
    "A": "abstract, or a copy of it, was seen",
    "T1": "one table of the paper was seen",
    "T2": "one table of another paper was seen",
    "R": "registry record, or a copy of it, was seen",
    "S": "only a citation, a news item or a summary was seen",
    "D": "worked out here from figures that were seen",
}

SOURCES = schema(
    "sources",
    "A source: a registry record, an article, a table of published figures",
    {
        "source_id": text("Name of the source", required=True),
        "study_id": text("Study that the source tells of", required=True),
        "tier": text("core, published or comparator", required=True, one_of=TIERS),
        "format": text("Form in which the source is held", required=True),
        "citation": text("How to cite it"),
        "registration": text("Registration number"),
        "doi": text("Digital object identifier"),
        "status": text("Recruitment or publication status"),
        "has_results": flag("Whether it reports results"),
        "access": text("What was read: full text, abstract, record"),
        "licence": text("Licence of the source text"),
        "sha256": text("Hash of the source text that the locators belong to"),
        "document": text("File name of the source text"),
        "verified_on": text("Day on which every locator was last found in the text of that hash"),
        "verified_figures": count("Figures found at their place, now or on that day"),
        "file": text("File under data/raw that states it"),
        "provenance": text("How the file came to be"),
        "address": text("Where the source was seen, when its text is not at hand"),
        "confidence": text("How its figures were seen (A, T1, T2, R, S, D)", one_of=tuple(CONFIDENCE)),
        "second_hand": flag("Whether only another paper's word for it was seen"),
        "extraction_readers": count("Readers who extracted it independently"),
        "extraction_date": text("Day of the extraction"),
    },
)

SOURCE_FILES = schema(
    "source_files",
    "A file under data/raw that states a source, with the hash of its bytes",
    {
        "source_id": text("Name of the source", required=True),
        "study_id": text("Study that the source tells of", required=True),
        "file": text("File under data/raw", required=True),
        "sha256": text("Hash of that file", required=True),
    },
)

STUDIES = schema(
    "studies",
    "A study",
    {
        "study_id": text("Name of the study", required=True),
        "title": text("Title"),
        "design": text("Design in words"),
        "allocation": text("How people or sites came to their treatment"),
        "comparison": text("What is compared", one_of=COMPARISONS),
        "masking": text("Who was kept unaware"),
        "phase": text("Trial phase as printed"),
        "n_planned": count("Participants planned"),
        "n_enrolled": count("Participants enrolled"),
        "n_analysed": count("Participants analysed"),
        "sex": text("all, male or female", one_of=("all", "male", "female")),
        "age_min": number("Youngest age admitted or seen, years", ge=0, le=120),
        "age_max": number("Oldest age admitted or seen, years", ge=0, le=120),
        "population": text("Who was studied"),
        "country": text("Country"),
        "funding": text("Who paid"),
        "registration": text("Registration number"),
        "registered_on": text("Day of registration, ISO"),
        "starts_on": text("Planned or actual start, ISO, with the precision of the source"),
        "ends_on": text("Planned or actual end, ISO, with the precision of the source"),
        "quantity_ids": text("Figures that the row rests on"),
    },
)

ARMS = schema(
    "arms",
    "An arm, a scalp site that serves as an arm, or a single case",
    {
        "study_id": text("Study", required=True),
        "arm_id": text("Arm", required=True),
        "role": text("Role in the comparison", required=True, one_of=ARM_ROLES),
        "label": text("Name in the source, or ours"),
        "exosome_source": text("Where the vesicles come from, as stated"),
        "dose": text("Dose as printed"),
        "dose_unit": text("Unit of the dose"),
        "route": text("How it was given"),
        "co_intervention": text("What was given beside it"),
        "sessions": number("Number of sessions", ge=0),
        "interval_weeks": number("Weeks between sessions", ge=0),
        "n": count("Participants in the arm, where stated"),
        "quantity_ids": text("Figures that the row rests on"),
    },
)

OUTCOMES = schema(
    "outcomes",
    "An outcome at a time, as planned or measured",
    {
        "study_id": text("Study", required=True),
        "outcome_id": text("Outcome", required=True),
        "concept": text("Outcome in our vocabulary", required=True),
        "priority": text("primary, secondary, other or safety", required=True, one_of=PRIORITIES),
        "measure": text("How it is measured"),
        "unit": text("Unit"),
        "timepoint_weeks": number("Time in weeks from the first treatment or as stated", ge=0),
        "timepoint_printed": text("Time as printed"),
    },
)

QUANTITIES = schema(
    "quantities",
    "A printed figure and the place where it was printed",
    {
        "quantity_id": text("Name of the figure", required=True),
        "study_id": text("Study", required=True),
        "source_id": text("Source", required=True),
        "printed": text("The token as printed", required=True),
        "value": number("Value"),
        "value_low": number("Lower value of a range"),
        "value_high": number("Upper value of a range"),
        "sd": number("Standard deviation printed with it", ge=0),
        "unit": text("Unit as understood"),
        "kind": text("mean, percent, n, dose ...", required=True),
        "role": text("design, result, safety or cited", required=True, one_of=QUANTITY_ROLES),
        "arm_id": text("Arm that it belongs to"),
        "concept": text("Concept in our vocabulary", required=True),
        "timepoint_printed": text("Time as printed"),
        "section": text("Section of the document"),
        "line": count("Line of the document, from 1", at_least=1),
        "char_start": count("First character, 0-based, in the decoded text"),
        "char_end": count("Character after the last"),
        "verified": flag(
            "True: found there, now or when last verified. False: not there. Missing: never looked up"
        ),
        "address": text("Where the figure was seen, when there is no document to verify it in"),
        "access": text("What was read there", one_of=ACCESS),
        "confidence": text("How it was seen (A, T1, T2, R, S, D)", one_of=tuple(CONFIDENCE)),
        "second_hand": flag("Whether only another paper's word for it was seen"),
        "note": text("Reader's note"),
    },
)

SCREENING = schema(
    "screening",
    "A record considered, and why it is in or out",
    {
        "record_id": text("Name of the record", required=True),
        "record": text("What it is, in our words", required=True),
        "kind": text("article, registration, review ...", required=True),
        "identifier": text("DOI, registration or PubMed number"),
        "found_through": text("How it was found", required=True),
        "seen": text("What of it was seen", required=True),
        "decision": text(
            "included, awaiting or excluded", required=True, one_of=("included", "awaiting", "excluded")
        ),
        "reason": text("Why", required=True),
        "study_id": text("Study that it became"),
    },
)
