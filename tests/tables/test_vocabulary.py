"""The vocabulary: outcomes that a table may name, and the values that sheets and tables share."""

from __future__ import annotations

from helpers.tables import TABLES
from helpers.tables.vocabulary import CONVERSIONS, EVIDENCE, OUTCOME_CONCEPTS, TIERS, TOPICS


def test_every_unit_that_is_converted_to_is_the_unit_of_an_outcome():
    assert {unit for unit, _ in CONVERSIONS.values()} <= {
        concept.unit for concept in OUTCOME_CONCEPTS.values()
    }


def test_a_direction_is_higher_lower_or_left_open():
    assert {concept.better for concept in OUTCOME_CONCEPTS.values()} == {"higher", "lower", ""}


def test_a_topic_is_about_an_outcome_a_matter_or_nothing():
    assert {topic.about for topic in TOPICS.values()} == {"outcome", "matter", ""}
    assert TABLES["statements"].columns["topic"].values == tuple(TOPICS)


def test_bodies_of_evidence_are_made_of_tiers():
    assert {tier for tiers in EVIDENCE.values() for tier in tiers} < set(TIERS)
