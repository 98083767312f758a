"""XML read without entities, external texts and endless nesting."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from helpers.sources.record import Problem, SourceError
from helpers.sources.source_text import read_bytes

XML_ERRORS = (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError, OSError)
DEEPEST = 200


def parse_xml(path: Path, doctype: bool = False) -> Element:
    """Return the root of an XML file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    doctype : bool
        Whether a document type may stand at its head (articles and registers have one); entities that it
        declares, and texts outside of the file, are refused all the same.

    Raises
    ------
    SourceError
        For XML that is broken, hostile, or nested deeper than any real document.
    """
    data = read_bytes(path)
    try:
        root = fromstring(data, forbid_dtd=not doctype, forbid_entities=True, forbid_external=not doctype)
    except XML_ERRORS as error:
        raise xml_problem(path, error) from None
    level, depth = [root], 0
    while level:
        depth += 1
        level = [child for element in level for child in element]
        if depth > DEEPEST:
            problem = f"not safe, whole XML: nested deeper than {DEEPEST} levels"
            raise SourceError(Problem(str(path), None, "", problem, "export it again"))
    return root


def xml_problem(path: Path, error: Exception) -> SourceError:
    """Return what a reader is told of XML that cannot be read."""
    line = error.position[0] if isinstance(error, ParseError) and hasattr(error, "position") else None
    what = str(error).splitlines()[0][:100] if isinstance(error, ParseError) else type(error).__name__
    remedy = "export the file again; entities and texts from outside are not read"
    return SourceError(Problem(str(path), line, "", f"not safe, whole XML: {what}", remedy))
