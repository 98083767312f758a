"""Making room for the next study: an empty sheet, and a registry record taken in."""

from __future__ import annotations

import hashlib
import re
from datetime import date
from pathlib import Path

import yaml

from helpers.sheets.facts import proposed_tier
from helpers.sheets.model import SCHEMA_FILE, sheet_schema
from helpers.sheets.proposals import article_sheet, record_sheet
from helpers.sheets.read import read_records, read_sheet, sheet_record
from helpers.tables.vocabulary import reading_words
from notebookpress.files import write_atomic
from trialfiles.articles import Article, read_jats, read_plain, study_name
from trialfiles.citations import Reference, clean_doi, csl_item
from trialfiles.forms import names_of
from trialfiles.pdf_articles import read_pdf
from trialfiles.reading import read_source, recognise
from trialfiles.record import Row, SourceRecord, refusal
from trialfiles.text import free_name, inert, read_text

_REGISTRY = {
    "ctgov": ".json", "ictrp": ".xml", "ictrp_csv": ".csv", "ictrp_xlsx": ".xlsx", "exchange": ".xml",
}  # fmt: skip
_ARTICLES = {"jats": read_jats, "text": read_plain, "pdf": read_pdf}
ABOUT_ONE_SUBJECT = (*_REGISTRY, "medpath", "irct", *_ARTICLES)  # forms that name what they are about
_EXTRACTED = ("table", "xlsx", "rm5", "revman_csv")
LONGEST_NAME, LONGEST_REFERENCE = 2000, 100_000  # characters of a text in a sheet; of one in its reference
_EMPTY_SHEET = Path(__file__).with_name("new_sheet.yaml")  # with gaps for what is known


def new_sheet(study_id: str, raw: str | Path, **known: object) -> Path:
    """Write an empty study sheet, ready to fill and already valid.

    `known` are facts to fill in: `tier`, `form`, `reference` (an item of CSL-JSON), `registration`, `status`,
    `has_results`, `registry_file`, `title`.

    Raises
    ------
    SourceError
        For an id that is no safe name, or a sheet that is there already.
    """
    path = _sheet_path(study_id, Path(raw))
    if path.exists():
        remedy = "open it, or choose another id"
        raise refusal(path, None, "", "the sheet is there already", remedy)
    facts = dict.fromkeys(("reference", "registration", "status", "has_results", "registry_file", "title"))
    facts |= {"tier": "published", "form": "article"} | known
    text = {name: _scalar(value) for name, value in facts.items()}
    template = _EMPTY_SHEET.read_text(encoding="utf-8")
    filled = template.format(study_id=_scalar(study_id), today=date.today().isoformat(), **text)
    return _write_sheet(path, filled)


def cut_texts(file: Path, written: list[Path]) -> list[str]:
    """Return a line for each text of a reference that a file has longer than its new sheet."""
    sheets = [read_sheet(path) for path in written if path.parent.name == "studies"]
    items = [dict(sheet.source.reference or ()) for sheet in sheets]
    cut = [name for item in items for name, part in item.items() if len(str(part)) == LONGEST_REFERENCE]
    return [f"{file}: its {name} is cut; the sheet has {LONGEST_REFERENCE:,} letters of it" for name in cut]


def _write_sheet(path: Path, text: str) -> Path:
    """Write a sheet, and the schema to which its first line points."""
    write_atomic(path.parent.parent / SCHEMA_FILE, sheet_schema())
    return write_atomic(path, text)


def _scalar(value: object) -> str:
    """Write one value as YAML on one line; a text without words is null."""
    if isinstance(value, dict):  # an item of CSL-JSON, whose texts may be of any length
        value = {
            name: part[:LONGEST_REFERENCE] if isinstance(part, str) else part for name, part in value.items()
        }
    elif isinstance(value, str):
        value = " ".join((inert(value) or "").split())[:LONGEST_NAME].strip() or None
    if value is None:
        return "null"
    plain = yaml.safe_dump(value, width=10**7, allow_unicode=True, default_flow_style=True, sort_keys=False)
    plain = plain.removesuffix("...\n").strip()
    if "\n" not in plain and not plain.startswith(("!", "&")):
        return plain
    return yaml.safe_dump(value, width=10_000, default_style='"').strip()


def add_source(file: str | Path, raw: str | Path) -> list[Path]:
    """Take a registry export, an article or a study sheet into the raw folder; return the files written.

    A registry record comes with a new sheet, to be appraised by a person; its figures stay with the
    record. Both files are named by the registration number, with `-` for what a file name may not hold.
    An article, or a registry's page saved as text, goes to the documents, which are never published (a PDF
    beside its text), and a sheet is made of it; every figure of an article is only proposed there. So are the
    figures of a review's data and of extraction tables, a sheet a study. A register's file of several records
    is kept as it is: its records wait for their sheets. Another version of a sheet's registry record is kept
    beside the first.

    Raises
    ------
    SourceError
        When the file cannot be read whole, or its study is there already.
    """
    file, raw = Path(file), Path(raw)
    form = recognise(file)
    if form in _ARTICLES:
        return _add_article(file, form, raw)
    if form in _EXTRACTED:
        return _add_extracted(file, raw)
    if form in _REGISTRY and (count := sum(1 for _ in read_records(file))) > 1:
        name = f"{_safe(file.stem) or 'export'}-{count}-records{_REGISTRY[form]}"
        return [_keep(file, raw / "registry" / name)]
    return _add_record(file, form, raw)


def _add_article(file: Path, form: str, raw: Path) -> list[Path]:
    """Write an article's text among the documents and the sheet that proposes its figures."""
    articles = _ARTICLES[form](file)
    if len(articles) != 1:
        problem = f"holds {len(articles)} articles"
        raise refusal(file, None, "", problem, "split the file")
    study_id = _article_id(file, articles[0], raw)
    sheet = _free_path(study_id, raw, file)
    documents = raw / "documents"
    pages = [_keep(file, documents / f"{study_id}.pdf")] if form == "pdf" else []  # shown beside the text
    text = article_sheet(
        articles[0], study_id, hashlib.sha256(file.read_bytes()).hexdigest() if pages else None
    )
    kept = _keep(file, documents / f"{study_id}.txt", articles[0].text)
    return [*pages, kept, _write_sheet(sheet, text)]


def _article_id(file: Path, article: Article, raw: Path) -> str:
    """Return a name for an article's study: of another one by its author in its year, `doe2024b`.

    An article is the same as that of a sheet when they share the DOI, or the title where one has none.
    """
    name = study_name(article)
    for study_id in (name, *(f"{name}{letter}" for letter in "bcdefghijklmnopqrstuvwxyz")):
        sheet = _sheet_path(study_id, raw)
        if not sheet.exists():
            return study_id
        source, study = read_sheet(sheet).source, read_sheet(sheet).study
        if source.doi and article.doi:
            same = clean_doi(source.doi) == clean_doi(article.doi)
        else:
            cited = source.reference.title if source.reference else None
            titles = (study.title or cited or "", article.title)
            same = len({"".join(filter(str.isalnum, title.casefold())) for title in titles}) == 1
        if same:
            problem = f"{sheet} is there already, of this article"
            raise refusal(file, None, study_id, problem, "edit that sheet instead")
    raise refusal(file, None, name, "26 articles have this name", "name a sheet by hand")


def _add_extracted(file: Path, raw: Path) -> list[Path]:
    """Write a sheet of proposals for each study of a review's file or an extraction table."""
    records = [record for record in read_records(file) if record.results]
    sheets = [
        (_sheet_path(record.studies[0]["study_id"], raw), record_sheet(record, file.name))
        for record in records
    ]
    # one with the same text was written before this command was interrupted
    there = [path for path, text in sheets if path.exists() and path.read_text(encoding="utf-8") != text]
    if there or not sheets:
        problem = f"{there[0]} is there already" if there else "no observation is in it"
        raise refusal(file, None, "", problem, "rename the study, or edit its sheet")
    return [_write_sheet(path, text) for path, text in sheets]


def _add_record(file: Path, form: str, raw: Path) -> list[Path]:
    """Take in a sheet, or a register's record or page with a new sheet."""
    record = sheet_record(read_sheet(file)) if form == "sheet" else read_source(file, reading_words())
    study_id = _safe(record.studies[0]["study_id"])
    there = {path.stem: path.read_bytes() for path in (raw / "registry").glob("*") if path.is_file()}
    if form in _REGISTRY and _sheet_path(study_id, raw).exists() and file.read_bytes() not in there.values():
        name = free_name(study_id, there) + _REGISTRY[form]  # another version
        return [_keep(file, raw / "registry" / name)]
    sheet = _free_path(study_id, raw, file)
    if form == "sheet":
        return [_keep(file, sheet)]
    source = record.sources[0]
    facts = {name: source.get(name) for name in ("registration", "status", "has_results")}
    facts["reference"] = _registration(record)
    arms = (
        str(arm.get(name) or "")
        for arm in record.arms
        for name in ("label", "exosome_source", "co_intervention")
    )
    facts["tier"] = proposed_tier(" ".join([str(source["citation"]), str(record.studies[0]["title"]), *arms]))
    if form in ("medpath", "irct"):
        kept = _keep(file, raw / "documents" / f"{study_id}.txt", read_text(file))
        facts["title"] = record.studies[0]["title"]
    elif form in _REGISTRY:
        kept = _keep(file, raw / "registry" / f"{study_id}{_REGISTRY[form]}")
        facts["registry_file"] = kept.name
    else:
        remedy = "name one of: a registry record, an article, a study sheet"
        raise refusal(file, None, "", "no single study is in it", remedy)
    return [kept, new_sheet(study_id, raw, form=source["format"], **facts)]


def _registration(record: SourceRecord) -> Row:
    """Return a register's record as an item of CSL-JSON: its number stands in the place of authors."""
    number, title = record.sources[0]["registration"], record.sources[0]["citation"]
    patterns = names_of("registers")["numbers"].items()
    register = next((name for name, pattern in patterns if re.fullmatch(pattern, number)), None)
    year = (record.studies[0].get("registered_on") or "")[:4] or None
    return csl_item(Reference(title, [number], year, register, kind="registration"))


def _safe(name: str) -> str:
    """Return a name that is safe for a file and a study."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-_")[:64]


def _sheet_path(study_id: str, raw: Path) -> Path:
    """Return where a study's sheet lies or will lie; refuse an id that could lead anywhere else."""
    # nor one that Windows keeps for a device, or that on many machines is the same as another's
    device = re.fullmatch(r"(?i)con|prn|aux|nul|(?:com|lpt)\d", study_id)
    same = [path for path in (raw / "studies").glob("*") if path.stem.lower() == study_id.lower()]
    twin = any(path.stem != study_id for path in same)
    if device or twin or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", study_id):
        remedy = "use letters, digits, - and _, at most 64, a letter or digit first"
        remedy += (
            f"; {same[0].name} is there" if twin else "; Windows keeps it for a device" if device else ""
        )
        raise refusal("STUDY_ID", None, repr(study_id[:80]), "not a name for a study", remedy)
    other = raw / "studies" / f"{study_id}.yml"
    return other if other.exists() else other.with_suffix(".yaml")


def _free_path(study_id: str, raw: Path, file: Path) -> Path:
    """Return where the sheet of a file's study will lie; refuse a study that has one."""
    sheet = _sheet_path(study_id, raw)
    if sheet.exists():
        problem = f"{sheet} is there already"
        raise refusal(file, None, study_id, problem, "edit that sheet instead")
    return sheet


def _keep(file: Path, target: Path, text: str | None = None) -> Path:
    """Copy a file, or write its text, unless another of the name is there."""
    data = file.read_bytes() if text is None else text.encode()
    if target.exists() and target.read_bytes() != data:
        problem, remedy = f"another {target.name} is there already", "compare the two files and keep one"
        raise refusal(file, None, target.stem, problem, remedy)
    return write_atomic(target, data)
