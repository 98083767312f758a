"""Make `synthesis_reference` importable from the tests of this folder, whatever pytest's import mode."""
