"""The readers of `trialfiles` with the words of this review, as its rooms call them."""

from functools import partial

import trialfiles
from helpers.tables.vocabulary import reading_words

WORDS = reading_words()
read_source = partial(trialfiles.read_source, vocabulary=WORDS)
read_sources = partial(trialfiles.read_sources, vocabulary=WORDS)
read_extraction = partial(trialfiles.read_extraction, vocabulary=WORDS)
find_quantities = partial(trialfiles.find_quantities, vocabulary=WORDS)
