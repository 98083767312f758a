"""The pages of the whole report: every number of a result leads to where it comes from, and all is light."""

from __future__ import annotations

import gzip
import json
import re

import pytest
from bs4 import BeautifulSoup, Tag
from page_links import cards_of

from helpers.figures.study import TESTED_ON
from helpers.narrative.answer import number_word, other_titles, study_titles
from helpers.sheets.context import read_review_facts
from helpers.site.cards import ROW_KINDS, WORDS
from helpers.site.methods import CHECKLISTS
from helpers.tables import read_table
from helpers.tables.vocabulary import CONFIDENCE, label
from notebookpress.tables import records, split_ids

# Where numbers are no results: code, headings, names of rows and columns, facts of the run, folder listings.
NO_RESULT = ("code", "summary", "script", "style", "caption", "th", "h1", "h2", "h3", "h4", "h5", "h6", "svg")
NO_RESULT_CLASSES = {"facts", "about", "fixed", "files"}
PAGE, SITE, FIGURE = 300_000, 5_000_000, 120_000  # bytes
SECOND_HAND = WORDS["second_hand"]


@pytest.fixture(scope="module")
def soups(made) -> dict[str, BeautifulSoup]:
    return {
        path.name: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in sorted(made.reports.glob("*.html"))
    }


def is_number(word: str) -> bool:
    plain = word.strip(" \n.,;:()[]'\"%").replace("−", "-").replace(",", "").replace("±", "")
    try:
        float(plain)
    except ValueError:
        return False
    return any(sign.isdigit() for sign in plain)


def is_result(place: Tag) -> bool:
    """Numbers count on a table, in an output of a notebook and in a sentence of a page made from tables."""
    for tag in [place, *place.parents]:
        if tag.name in NO_RESULT or set(tag.get("class") or []) & NO_RESULT_CLASSES:
            return False
        if str(tag.get("id", "")).startswith("q-"):  # a printed figure in its own row, beside its line
            return False
        if tag.name == "main":
            return True
    return False


def unlinked(soup: BeautifulSoup, notebook: bool) -> list[str]:
    found = []
    for text in soup.find("main").find_all(string=re.compile(r"\d")):
        place = text.parent
        if place.find_parent("a") or place.name == "a" or not is_result(place):
            continue
        if notebook and not place.find_parent(class_="output"):  # markdown tells the method, never a result
            continue
        plain = re.sub(r"\b\d{1,2} (?=[A-Z][a-z]+ (?:19|20)\d\d\b)", "", str(text))  # a day
        plain = re.sub(r"((?:[A-Z][\w'’-]+,?|[a-z] of) )(?:19|20)\d\d\b", r"\1", plain)  # a study's name
        words = [word for word in re.split(r"[\s(]+", plain) if is_number(word)]
        found += [f"{word} in {str(text).strip()[:80]!r}" for word in words]
    return found


def test_every_number_of_a_result_is_a_link(soups):
    bare = {}
    for name, soup in soups.items():
        notebook = name.startswith("study-") or name[:2].isdigit()
        if left := unlinked(soup, notebook):
            bare[name] = left[:8]
    assert bare == {}


def cells(soup: BeautifulSoup, table: str) -> list[list[str]]:
    return [
        [cell.get_text(" ", strip=True) for cell in row.select("th, td")]
        for row in soup.select(f"#{table} tbody tr")
    ]


def test_arms_are_counted_once_and_excluded_records_are_cited(made, soups):
    """An arm may give several figures, a difference from placebo is none; what is excluded can be found again."""
    arms, figures = {}, {}
    told = read_table("comparators", made.processed)
    for row in records(told[told["statistic"] != "none"]):
        own = arms.setdefault(row["treatment"], set())
        if row["statistic"] != "difference from placebo":
            own.add((row["study_id"], row["arm"]))
        figures[row["treatment"]] = figures.get(row["treatment"], 0) + 1
    shown = {
        name: (int(own), int(all_))
        for name, _, own, all_, _ in cells(soups["01_ingestion.html"], "comparators")
    }
    assert shown == {name: (len(own), figures[name]) for name, own in arms.items()}
    out = [row for row in records(read_table("screening", made.processed)) if row["decision"] == "excluded"]
    assert out and all(row["citation"] or row["identifier"] for row in out)


ROMAN = ["", "I", "II", "III", "IV", "V", "VI", "VII"]


def shown(words: str) -> set[float]:
    """Return the numbers of a text, and the same as shares."""
    found = {float(number.replace(",", "")) for number in re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", words)}
    found |= {
        float(ROMAN.index(word)) for word in re.findall(r"\b[IV]+\b", words) if word in ROMAN
    }  # a stage
    return {round(scale * number, 9) for number in found for scale in (1, 100, 0.01)}


NO_PROSE = "main :is(pre, svg, nav, script, summary .visually-hidden)"  # the last names folded code by its first line


def test_serious_doubts_that_are_not_certain_are_counted_where_few_checks_apply(made, soups):
    found = read_table("discrepancies", made.processed).query("concern == 'serious'")
    rows = {
        row.th.get_text(): row.get_text() for row in soups["index.html"].select("#studies-table tbody tr")
    }
    amini = found[found["study_id"] == "amini2025"]
    assert len(amini) == 1 and not amini["certain"].any()
    assert f"few checks apply; {len(amini)} serious, not certain" in rows["Amini 2025"]
    assert sum("serious, not certain" in row for row in rows.values()) == 1


def words_of(pages: dict[str, BeautifulSoup]) -> dict[str, int]:
    """Return the number of words of each page, and of all shared ones together; code and figures do not count."""
    counted = {}
    for name, soup in pages.items():
        gone = {id(part) for part in soup.select(f"{NO_PROSE} *, {NO_PROSE}")}
        texts = (text for text in soup.main.find_all(string=True) if id(text.parent) not in gone)
        counted[name] = len([word for word in " ".join(texts).split() if re.search(r"\w", word)])
    shared = sum(words for name, words in counted.items() if not name.startswith(("study-", "data")))
    return {name: words for name, words in counted.items() if name.startswith("study-")} | {"shared": shared}


def test_pages_keep_their_number_of_words(soups):
    words = words_of(soups)
    assert words.pop("shared") <= 12_000
    assert {name: count for name, count in words.items() if count > 1500} == {}


def test_the_links_of_numbers_lead_to_what_they_promise(soups):
    """A figure's row and that of a computation show the number itself; what code made leads to that code."""
    seen = 0
    places = {name: {tag["id"]: tag for tag in soup.find_all(id=True)} for name, soup in soups.items()}
    for name, soup in soups.items():
        for link in soup.select("main a.n"):
            file, _, anchor = link["href"].partition("#")
            if not anchor:
                continue
            target = places[file or name].get(anchor)
            assert target is not None, f"{name}: {link['href']}"
            seen += 1
            if anchor.startswith("discrepancy-"):  # a count leads to the first and names the others
                beside = link.get("data-in", "").split()
                assert link.get_text() == str(1 + len(beside)), link
                assert all(any(each in known for known in places.values()) for each in beside), link
            elif anchor.partition("-")[0] in ROW_KINDS and not re.fullmatch(r"h[1-6]", target.name):
                assert shown(link.get_text()) & shown(target.get_text(" ")), f"{name}: {link}"
            if anchor.startswith(("effect-", "result-")):
                row = target if target.name == "tr" else target.find_parent("tr")
                assert row.select('a[href^="#q-"], a[href*="#cell-"]'), f"{name}: {link['href']}"
            elif anchor.startswith("cell-"):
                assert target.find_parent("details", class_="code") and target.pre, f"{name}: {link['href']}"
    assert seen > 1400


def test_every_number_has_a_card_that_says_what_the_tables_hold(made, soups):
    cards = cards_of(made.reports)
    tables = {name: read_table(name, made.processed) for name in ("quantities", "sources", "effects")}
    figures = {f"q-{row['quantity_id']}": row for row in records(tables["quantities"])}
    read = dict(zip(tables["sources"]["source_id"], tables["sources"]["access"], strict=True))
    effects = {f"effect-{row['effect_id']}": row for row in records(tables["effects"])}
    for name, soup in soups.items():
        for link in soup.select("main a.n"):
            file, _, anchor = link["href"].partition("#")
            if not anchor.startswith("cell-"):
                assert (f"{file or name}#{anchor}" if anchor else file) in cards, (name, link)
    for key, card in cards.items():
        name, lines = key.partition("#")[2], {line[0]: line[1] for line in card["r"]}
        assert set(card.get("i", ())) <= set(cards), key
        if row := figures.get(name):
            assert (card["t"], lines.get("line")) == (row["printed"], row["line"] and str(row["line"])), key
            assert lines["verified"].startswith("yes" if row["verified"] else "no"), key
            assert lines["read"] in (row["access"] or read[row["source_id"]], CONFIDENCE["D"], SECOND_HAND), (
                key
            )
            assert (lines["read"] == SECOND_HAND) == row["second_hand"], key
        elif row := effects.get(name):
            inputs = [target.partition("#q-")[2] for target in card.get("i", ())]
            unused = "p value" not in (row["se_basis"] or "p value")  # a p value printed beside
            behind = [(made, figures[f"q-{made}"]["kind"]) for made in split_ids(row["quantity_ids"])]
            assert inputs == [made for made, kind in behind if not unused or kind != "p_value"], key
    addresses = [line[2] for card in cards.values() for line in card["r"] if len(line) > 2]
    assert sum("#:~:text=" in address for address in addresses) > 20


def test_the_search_holds_every_page_and_what_it_leads_to(made, soups):
    script = (made.reports / "search.js").read_text(encoding="utf-8")
    sections = json.loads(script.removeprefix("self.sections=").removesuffix(";\n"))
    assert {file for file, _, _ in sections} == set(soups)
    for file, _, parts in sections:
        assert {name for name, _, _ in parts if name} <= {
            tag["id"] for tag in soups[file].find_all(id=True)
        }, file
    words = {(file, name): text for file, _, parts in sections for name, _, text in parts}
    assert "35 hairs/cm²" in words["study-wan2025.html", "q-wan2025.change_mean"]
    assert len(gzip.compress(script.encode())) < 100_000


def test_no_page_is_heavy_and_neither_is_the_site(made):
    sizes = {path: path.stat().st_size for path in made.reports.rglob("*") if path.is_file()}
    heavy = {path.name: size for path, size in sizes.items() if path.suffix == ".html" and size > PAGE}
    assert heavy == {}
    released = made.reports / "releases"
    assert sum(size for path, size in sizes.items() if released not in path.parents) < SITE
    assert {path.name: size for path, size in sizes.items() if path.suffix == ".svg" and size > FIGURE} == {}
    assert [path.name for path in sizes if path.suffix == ".png"] == []  # figures are sharp at any size


def test_no_object_of_the_program_stands_in_a_sentence(soups):
    """A list, a missing value or an object shown as the program writes it is a sentence that went wrong."""
    written = re.compile(r"\[['\"]|\bnan\b|\bNone\b|<NA>|\bdtype\b|\{\{|<[\w.]+ object at")
    for name, soup in soups.items():
        for place in soup.find("main").find_all(["p", "td", "th", "li", "figcaption", "dd"]):
            if not place.find_parent("details", class_="code") and not place.find(["code", "pre"]):
                assert not written.search(place.get_text()), f"{name}: {place.get_text()[:120]}"


def test_pages_name_no_machine(made):
    for path in made.reports.glob("*.html"):
        assert str(made.root) not in path.read_text(encoding="utf-8"), path.name


def test_every_place_that_a_checklist_names_is_linked(made, soups):
    """A link that leads nowhere becomes text: here none has."""
    page = soups["methods.html"]
    for name, guide in CHECKLISTS.items():
        table = page.find(id=name).find_next("table")
        rows = [row.find_all(["th", "td"]) for row in table.select("tbody tr")]
        places = [cells[3].find_all("a") for cells in rows]
        for entry, links in zip(guide["items"], places, strict=True):
            assert [link.get_text() for link in links] == list(entry.get("where") or {}), entry["item"]


def test_numbers_of_the_answer_lead_to_the_figures_of_the_study_that_a_sentence_names(soups):
    links = {link.get_text(): link["href"] for link in soups["index.html"].select(".first a.n")}
    for number, name in {"9.5": "median_exosome", "1.5": "median_saline", "0.006": "p_between"}.items():
        assert links[number] == f"study-amini2025.html#q-amini2025.{name}"
    assert links["300"] == "study-imcas2025.html#q-imcas2025.n" and "95 %" not in links  # a coverage is none


def test_sums_and_single_estimates_lead_to_what_they_are_of_and_an_authority_is_heard(made, soups):
    *rows, total = soups["index.html"].select("#studies-table tbody tr")
    numbers = [
        [re.search(r"\d+|–", row.select("td")[column].get_text())[0].replace("–", "0") for row in rows]
        for column in (3, -1)
    ]
    told = [row.select("td")[3].get_text().endswith("planned") for row in rows]
    people = sum(int(n) for n, planned in zip(numbers[0], told, strict=True) if not planned)
    assert total.select("td")[3].get_text().startswith(f"{people} in ")
    assert int(total.select("td")[-1].get_text()) == sum(map(int, numbers[1]))
    assert [column for column, _ in cards_of(made.reports)["index.html#studies-total"]["r"]][:2] == [
        "Study",
        "Design",
    ]
    estimates = soups["05_pooled_effect.html"].select("tr[id^=pooled-published] a.n[href*='#effect-']")
    assert any("hairs/cm²" in link.get_text() for link in estimates)
    for notice in read_review_facts(made.raw).regulation:
        assert notice.says in soups["index.html"].select_one(".first").get_text()


def test_what_was_tested_comes_first_among_the_concerns(made, soups):
    discrepancies = read_table("discrepancies", made.processed).query("certain and concern == 'serious'")
    tested = set(discrepancies.loc[discrepancies["check"].isin(TESTED_ON), "statement"])
    shown = [row.select("td")[0].get_text() for row in soups["index.html"].select("#concerns-table tbody tr")]
    assert tested and set(shown[: len(tested)]) == tested


def test_a_limit_of_harms_leads_to_the_row_of_the_study_that_shows_it(made, soups):
    row = next(
        row for row in soups["index.html"].select("tr") if row.th and "Adverse events" in row.th.get_text()
    )
    limits = [link for link in row.select("a.n") if "%" in link.get_text() and link.get_text() != "95 %"]
    assert limits
    cards = cards_of(made.reports)
    for link in limits:
        [how] = [words for name, words in cards[link["href"]]["r"] if "95 % limit" in name]
        n, shown = re.fullmatch(r"1 − 0\.05\^\(1/(\d+)\) = ([\d.]+) %", how).groups()
        assert float(shown) == pytest.approx(100 * (1 - 0.05 ** (1 / int(n))), rel=5e-3)
    for link in limits:
        page, _, name = link["href"].partition("#")
        assert link.get_text().removesuffix(" %") in soups[page].find(id=name).get_text(" ")


def test_what_a_footnote_is_measured_by_leads_to_the_rule_or_the_printed_difference(soups):
    notes = [tag for tag in soups["index.html"].select("main li") if ": imprecision, " in tag.get_text()]
    led = {link.get_text(): link["href"] for tag in notes for link in tag.select("a.n")}
    rules = soups["methods.html"].find(id="certainty-rules").find_next("p").get_text()
    for size in ("400", "300"):
        assert led[size] == "methods.html#certainty-rules" and size in rules
    for size in ("75", "95", "35", "36.8", "46.7 %"):
        page, _, name = led[size].partition("#")
        assert size.removesuffix(" %") in soups[page].find(id=name).get_text(" "), size
    assert led["35"].startswith("study-") and led["36.8"].startswith("05_pooled_effect")
    for page in ("index", "04_outcome_comparison", "05_pooled_effect"):
        links = soups[f"{page}.html"].select("main a.n")
        for size, row in (("43.36", "visible"), ("22.66 %", "visible_relative")):
            found = {link["href"] for link in links if link.get_text() == size}
            assert found == {f"01_ingestion.html#row-{row}"}, (page, size)


def test_a_single_estimate_of_the_summary_leads_to_its_study(soups):
    rows = soups["index.html"].select("#summary-table tbody tr")
    row = next(row for row in rows if row.th.get_text().startswith("Hair density"))
    links = [
        link["href"]
        for link in row.select("td:nth-of-type(3) a.n")
        if link.get_text() in ("35", "31.5", "38.5")
    ]
    assert links and all(link.startswith("study-wan2025.html#effect-") for link in links)


def test_sources_that_were_read_twice_lead_to_the_second_readings(made, soups):
    link = soups["methods.html"].select_one('a.n[href="01_ingestion.html#second-reading"]')
    readings = soups["01_ingestion.html"].select("#second-reading tbody tr")
    assert link.get_text() == str(len(readings)) != "0"


def test_levels_rated_down_lead_to_the_rules(soups):
    cells = soups["05_pooled_effect.html"].select("tr[id^=certainty-] td:last-child")
    led = {link["href"] for cell in cells for link in cell.select("a.n")}
    assert cells and led == {"methods.html#certainty-rules"}


def test_the_year_of_a_study_is_no_link(soups):
    links = [link for soup in soups.values() for link in soup.select("main a.n")]
    years = [link for link in links if re.fullmatch(r"(?:19|20)\d\d", link.get_text())]
    assert not [str(link) for link in years if re.search(r"[A-Z]\w+ $", str(link.previous_sibling or ""))]


def test_an_estimate_in_the_summary_of_a_study_leads_to_its_effect(soups):
    rows = soups["study-wan2025.html"].select("#glance tr")
    links = [row.select("a.n") for row in rows if row.th and row.th.get_text().startswith("Hair density")]
    assert links and all(own[0]["href"].startswith("#effect-") for own in links)


def test_a_number_beside_a_study_leads_to_that_study(soups):
    """A value that two studies share must not lead to the other one."""
    index = soups["index.html"]
    names = {
        tag.get_text(): tag["href"].partition("#")[0]
        for tag in index.select("#studies-table tbody th a[href^=study-]")
    }
    for sentence in index.select(".first p"):
        own = ""
        for part in sentence.descendants:
            if isinstance(part, str):
                own = next((page for name, page in names.items() if part.strip().endswith(name)), own)
            elif (
                part.name == "a" and part.get("class") == ["n"] and own and part["href"].startswith("study-")
            ):
                assert part["href"].partition("#")[0] == own, (part, sentence.get_text())
    row = next(row for row in index.select("tr") if row.th and "Adverse events" in row.th.get_text())
    counts = [link["href"] for link in row.select("a.n") if link.get_text() == "0"]
    assert len(counts) == len(set(counts)) > 5
    both = [
        cell for cell in soups["04_outcome_comparison.html"].select("td") if " by changes" in cell.get_text()
    ]
    for link in both[0].select("a.n"):
        page, _, name = link["href"].partition("#")
        place = soups[page].find(id=name)
        assert name.startswith(("effect-", "parameter-")) and link.get_text().split()[0] in place.get_text(
            " "
        )


def test_what_is_known_second_hand_is_marked_wherever_it_is_shown_and_the_mark_is_told_once(made, soups):
    tables = {name: read_table(name, made.processed) for name in ("sources", "comparators", "trials")}
    names = {
        title for title in (other_titles(tables) | study_titles(tables["sources"])).values() if "‡" in title
    }
    assert {"Park 2022 ‡", "Eun 2010 ‡", "IRCT20200127046282N54 ‡"} <= names
    for page in ("index", "04_outcome_comparison", "05_pooled_effect"):
        soup = BeautifulSoup(str(soups[f"{page}.html"].main), "html.parser")
        for part in soup(["pre", "script", "style"]):
            part.decompose()
        drawn = [" ".join(text.get_text(" ").split()) for text in soup("text")]
        told = "\n".join([soup.get_text(" "), *drawn, *(svg["aria-label"] for svg in soup("svg"))])
        bare = [rf"{name.removesuffix(' ‡')}(?!\w)(?!(?:: [^‡;.\n]*)? ‡)" for name in names]
        bare += [r"43\.(?:4|36)(?! *(?:hairs/cm²)? ‡|.{10}, second-hand)", "dutasteride 0.5 mg(?!.*‡)"]
        bare += [r"of 39\b(?! \(up to [\d.]+ %\) *‡)"] * (page == "index")  # elsewhere beside its name
        assert {found for one in bare for found in re.findall(rf"{one}.{{0,40}}", told)} == set(), page
    for name, soup in soups.items():
        said = len(re.findall(r"‡ seen second-hand|\(‡\)(?: marks|: seen)", soup.main.get_text()))
        assert said == ("‡" in soup.main.get_text()), name


def test_a_count_of_studies_with_one_seen_second_hand_is_marked(made, soups):
    sources, graded = (read_table(name, made.processed) for name in ("sources", "certainty"))
    second_hand = set(sources.loc[sources["second_hand"].fillna(False).astype(bool), "study_id"])
    reporting = graded[graded["evidence"] == "published"].set_index("concept")["reporting"].map(split_ids)
    marked = {name for name, studies in reporting.items() if second_hand & {*studies}}
    rows = soups["05_pooled_effect.html"].select("tr[id^=certainty-]")
    assert {row["id"].partition("-")[2] for row in rows if "‡" in row.td.get_text()} == marked
    for row in soups["index.html"].select("#summary-table tbody tr"):
        name = next(name for name in reporting.index if row.th.get_text().lower().startswith(label(name)))
        assert ("‡" in row.td.get_text()) == (name in marked), name


def test_a_size_worked_out_is_told_in_the_summary(made, soups):
    tables = {name: read_table(name, made.processed) for name in ("quantities", "adverse_events")}
    worked_out = set(tables["quantities"].query("confidence == 'D'")["quantity_id"])
    sized = tables["adverse_events"].query("count == 0 and n > 1")["quantity_ids"].map(split_ids)
    told = soups["index.html"].select_one("#summary-table").get_text()
    assert told.count("n worked out") == sum(bool(worked_out & {*ids}) for ids in sized) == 1


def test_what_is_said_of_words_alone_of_harms_and_of_triage_is_what_the_tables_hold(made, soups):
    bias, lines, states, sources = (
        read_table(name, made.processed)
        for name in ("risk_of_bias", "comparisons", "missing_evidence", "sources")
    )
    triaged = bias.groupby("study_id")["domain"].agg(lambda own: set(own) == {"triage"}).sum()
    caption = soups["04_outcome_comparison.html"].select_one("#appraisal figcaption").get_text()
    assert f"In {triaged} studies only the triage questions of ROBINS-I" in caption
    told = soups["index.html"].main.get_text(" ", strip=True)
    others = lines.query(
        "concept == 'satisfaction' and direction != 'not reported' and study_id != 'wan2025'"
    )
    assert others["effect"].isna().all() and others["study_id"].nunique() == 4
    assert "four more studies report it, without a size" in told and "without an interval" not in told
    harms = states.query("concept == 'adverse_events'")["state"]
    assert ("Whether it is safe is not known: no study gives a full count of adverse events." in told) == (
        "in full" not in set(harms)
    )
    events = read_table("adverse_events", made.processed)
    uncounted = events[events["count"].isna()].assign(term=events["term"].str.split(" (", regex=False).str[0])
    kinds = {study: sorted(own) for study, own in uncounted.groupby("study_id")["term"].unique().items()}
    assert (
        list(kinds) == ["chan2025", "wan2025"] and len(kinds["chan2025"]) > 5 and len(kinds["wan2025"]) == 2
    )
    assert f"Chieh 2025 (a single patient) names {', '.join(kinds['chan2025'][:3])} and others" in told
    assert f"Wan 2025 (without a count) names {' and '.join(kinds['wan2025'])}." in told
    words = read_table("results", made.processed).dropna(subset="stated")
    for study, own in words.groupby("study_id"):
        cells = soups[f"study-{study}.html"].main.get_text()
        levels = (own["kind"] == "level").sum()  # a level by itself has no direction
        assert cells.count("no direction, in words alone") == levels, study
        printed = own["p_value"].notna().sum()
        assert cells.count("higher, a p value and no size") == printed, study
        assert cells.count("higher, in words alone") == len(own) - levels - printed, study
    read = (sources.query("has_results == True")["access"] == "full text").sum()
    assert f"{number_word(read)} read in full)" in told and "300 in Talk at IMCAS Asia 2025" in told
