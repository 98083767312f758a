"""What the panels of the notebooks draw, say and write, worked out from the tables of the made report."""

from __future__ import annotations

import shlex
from functools import partial

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from helpers.appraisal.risk_of_bias import overall
from helpers.narrative.answer import load_tables, study_titles, with_titles
from helpers.panels import (
    NothingToDrawError,
    answer_parts,
    drawn,
    options_command,
    outcome_picture,
    study_picture,
)
from helpers.pooling.groups import Options
from helpers.pooling.tiers import Basis, reanalysed
from metastats import effect_size
from notebookpress.parameters import load_parameters, merge_parameters
from notebookpress.tables import records


@pytest.fixture(scope="module")
def tables(made):
    return load_tables(made.processed)


@pytest.fixture(scope="module")
def basis(tables) -> Basis:
    verdicts = {study: overall(records(part)) for study, part in tables["risk_of_bias"].groupby("study_id")}
    trials = tables["ongoing_trials"]
    late = trials.loc[trials["late"].fillna(False).astype(bool), "study_id"]
    return Basis(tables, verdicts, Options(), late=tuple(late))


def shown(basis: Basis, **choices) -> list[BeautifulSoup]:
    named = partial(with_titles, titles=study_titles(basis.tables["sources"]))
    default = {"concept": "hair_density", "evidence": "core", "pre_post_correlation": 0.7}
    parts = drawn(lambda **chosen: answer_parts(basis, named=named, **chosen), "panel", default | choices)
    return [BeautifulSoup(part, "html.parser") for part in parts]


def chain(page: BeautifulSoup) -> list[list[str]]:
    return [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in page.select("tbody tr")]


@pytest.mark.parametrize(("concept", "tier"), [("hair_density", "core"), ("satisfaction", "published")])
def test_the_choices_of_the_run_give_its_own_tables(basis: Basis, concept: str, tier: str):
    answer, tables = reanalysed(basis, concept, evidence=tier, pre_post_correlation=0.7), basis.tables
    pooled = tables["pooled"][tables["pooled"]["evidence"] == tier].reset_index(drop=True)
    assert answer.pooled.equals(pooled) and answer.effects.equals(tables["effects"])
    own = tables["certainty"].query("concept == @concept and evidence == @tier")
    assert {name: answer.certainty[name] for name in own} == records(own)[0]


def test_the_headline_stands_in_the_default(basis: Basis):
    """Friction 10: follicles/cm² stood there, and not the headline, without a word."""
    said, figure, table = shown(basis)
    text = said.p.get_text()
    assert text.startswith("Hair density: 35 hairs/cm² (31.5 to 38.5), change within one group, Wan 2025")
    assert "; not pooled: " in text and text.endswith("certainty: very low.")
    assert "Unit: hairs/cm²; the line is at 0. Wan 2025: frontal and vertex: 35 (" in figure.img["alt"]
    assert [row[6] for row in chain(table)] == ["very low", *["rated on another estimate"] * 2]


def test_the_chosen_outcome_is_drawn_or_said_to_have_nothing(basis: Basis):
    """Friction 2: with the evidence "published" hair density was drawn whatever was chosen."""
    for concept, words in {"hair_count": "Hair count", "hair_shedding": "Hairs shed"}.items():
        said, figure, table = shown(basis, concept=concept, evidence="published")
        assert said.p.get_text().startswith(f"{words}: ") and f". {words}: each" in figure.img["alt"]
        assert table.caption.get_text() == f"{words}: from the correlation to the certainty"
    lone = {"concept": "anagen_share"}, {"concept": "patient_global"}, {"included": "without wan2025"}
    for nothing in lone:
        [said] = shown(basis, **nothing)
        words = "Nothing to show, because no figure of the chosen studies can stand"
        assert said.p.get_text().startswith(words)


def test_the_correlation_moves_the_standard_error_and_what_follows(basis: Basis):
    levels = basis.tables["results"].query("unit == 'follicles/cm2' and arm_id == 'exosome'")
    before, after = levels.sort_values("timepoint_weeks")[["mean", "sd"]].to_numpy()
    moments = {"m1i": after[0], "sd1i": after[1], "m2i": before[0], "sd2i": before[1]}
    for r in (0.2, 0.9):
        by_hand = effect_size("MC", **moments, ni=8, ri=r)
        [row] = [row for row in chain(shown(basis, pre_post_correlation=r)[2]) if row[2] == f"{r:g}"]
        assert np.isclose(float(row[3]), by_hand.sei[0], rtol=1e-3) and row[5].startswith("15 follicles")


def test_a_pool_is_drawn_with_its_members(basis: Basis):
    """Nothing about exosomes can be pooled today; a second study like the first makes a pool."""
    tables, renamed = dict(basis.tables), {"study_id": {"amini2025": "twin2026"}}
    for name in ("sources", "studies", "arms", "results", "reported_contrasts"):
        twin = tables[name].query("study_id == 'amini2025'").replace(renamed)
        tables[name] = pd.concat([tables[name], twin], ignore_index=True)
    found = Basis(tables, basis.overall, basis.options)
    figure, table = answer_parts(found, concept="hair_count", evidence="published", pre_post_correlation=0.5)
    assert "Pooled, k = 2" in figure.alt and len(chain(BeautifulSoup(table, "html.parser"))) == 2


def test_a_study_and_a_direction_are_told_in_words(tables):
    drawn_for = partial(study_picture, tables, tables["discrepancies"], pre_post_correlation=0.5)
    assert "Hair density, change within one group (microneedling then" in drawn_for(study_id="wan2025").alt
    with pytest.raises(NothingToDrawError, match="one estimate of this study has an interval"):
        drawn_for(study_id="amini2025")
    named = partial(with_titles, titles=study_titles(tables["sources"]))
    ways = partial(outcome_picture, tables["comparisons"], tables["studies"], evidence="core", named=named)
    alt = ways(chosen_studies=["wan2025"]).alt
    assert "Wan 2025" in alt and "patient satisfaction unclear" in alt  # a share, as the table counts it
    with pytest.raises(NothingToDrawError, match="none of the chosen studies"):
        ways(chosen_studies=["ersan2024"])


def test_the_state_of_a_panel_is_a_command_that_a_run_takes(checkout):
    chosen = {"evidence": "core", "included": "without wan2025", "pre_post_correlation": 0.5}
    words = shlex.split(options_command(chosen | {"concept": "hair_density", "study_id": "wan2025"}))
    assert words[:2] == ["evidence", "run"] and set(words[2::2]) == {"-p"} and len(words) == 8
    assert merge_parameters(load_parameters(checkout), pairs=words[3::2]).items() >= chosen.items()
