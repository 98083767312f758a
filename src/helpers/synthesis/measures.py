"""Which measures there are: for each its formula, its inputs by metafor's names, and its variance types."""

from __future__ import annotations

from helpers.synthesis import associations, mean_differences, paired_changes, single_groups, spreads

TWO_GROUPS = ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")
PAIRS = ("m1i", "m2i", "sd1i", "sd2i", "ni", "ri")
ONE_GROUP = ("mi", "sdi", "ni")
CORRELATION = ("ri", "ni")
FORMULAS = {
    "MD": (mean_differences.md, TWO_GROUPS, ("LS", "HO")),
    "SMD": (mean_differences.smd, TWO_GROUPS, ("LS", "LS2", "UB", "AV")),
    "SMDH": (mean_differences.smdh, TWO_GROUPS, ("LS",)),
    "SMD1": (mean_differences.smd1, TWO_GROUPS, ("LS",)),
    "SMD1H": (mean_differences.smd1h, TWO_GROUPS, ("LS",)),
    "ROM": (mean_differences.rom, TWO_GROUPS, ("LS", "HO", "AV", "AVHO")),
    "RPB": (associations.rpb, TWO_GROUPS, ("LS",)),
    "CVR": (spreads.cvr, TWO_GROUPS, ("LS",)),
    "VR": (spreads.vr, TWO_GROUPS, ("LS",)),
    "MC": (paired_changes.mc, PAIRS, ("LS",)),
    "SMCC": (paired_changes.smcc, PAIRS, ("LS", "LS2", "UB", "AV")),
    "SMCR": (paired_changes.smcr, ("m1i", "m2i", "sd1i", "ni", "ri"), ("LS", "LS2")),
    "SMCRH": (paired_changes.smcrh, PAIRS, ("LS",)),
    "ROMC": (paired_changes.romc, PAIRS, ("LS",)),
    "MN": (single_groups.mn, ONE_GROUP, ("LS",)),
    "SMN": (single_groups.smn, ONE_GROUP, ("LS",)),
    "MNLN": (single_groups.mnln, ONE_GROUP, ("LS",)),
    "COR": (associations.cor, CORRELATION, ("LS",)),
    "ZCOR": (associations.zcor, CORRELATION, ("LS",)),
}
PROPORTIONS = ("PR", "PLN", "PLO", "PAS", "PFT")
TABLES = ("RR", "OR", "RD", "AS", "PETO", "PHI", "YUQ", "YUY")
RATES = ("IRR", "IRD", "IRSD")
MEASURES = (*FORMULAS, *PROPORTIONS, *TABLES, *RATES)
STANDARDISED = ("SMD", "SMDH", "SMD1", "SMD1H", "SMCC", "SMCR", "SMCRH")
UNCORRECTED = ("PAS", "PFT", "AS", "PHI", "IRSD")  # defined with a zero cell: corrected only on request
NEWER = dict.fromkeys(("SMDH", "SMD1H", "SMCRH"), "4.6") | dict.fromkeys(("ROM", "ROMC", "CVR"), "5.0")
