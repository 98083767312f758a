"""Reading a text: characters, lines, hash, and errors that say what to do."""

import hashlib
import pickle

import pytest

from helpers.places import Document, DocumentError, read_document


def test_text_is_kept_as_it_is(tmp_path):
    content = "Résumé\r\n80 ± 10\n".encode()
    path = tmp_path / "one.txt"
    path.write_bytes(content)
    document = read_document(path)
    assert document.name == "one.txt"
    assert document.text == content.decode()
    assert document.sha256 == hashlib.sha256(content).hexdigest()


def test_lines_count_from_one_and_end_at_newlines_only():
    document = Document("a", "one\r\ntwo\fstill two\u2028still two\n\nfour", "")
    words = ("one", "two", "still", "four")
    assert [document.line_of(document.text.index(word)) for word in words] == [1, 2, 2, 4]
    assert document.text[slice(*document.line_span(1))] == "one"
    assert document.line_span(3) == (document.text.index("\n\nfour") + 1,) * 2
    assert document.line_of(len(document.text)) == 4


@pytest.mark.parametrize(
    ("ask", "place"),
    [("line_span", 0), ("line_span", -1), ("line_span", 5), ("line_of", -1), ("line_of", 99)],
)
def test_no_such_line_and_no_such_character(ask, place):
    with pytest.raises(DocumentError, match="4 lines|7 characters"):
        getattr(Document("a", "1\n2\n3\n4", ""), ask)(place)


def test_what_is_no_file(tmp_path):
    with pytest.raises(DocumentError, match="absent.txt: there is no such file") as error:
        read_document(tmp_path / "absent.txt")
    assert error.value.remedy
    with pytest.raises(DocumentError, match="cannot be read"):
        read_document(tmp_path)


def test_not_utf8_names_the_line(tmp_path):
    path = tmp_path / "latin.txt"
    path.write_bytes(b"first\nhairs per cm\xb2\n")
    with pytest.raises(DocumentError, match="line 2, byte 18.*0xb2") as error:
        read_document(path)
    assert "UTF-8" in error.value.remedy


@pytest.mark.parametrize("content", [b"", b" \n\t\r\n", b"\xef\xbb\xbf\n"])
def test_empty_file(tmp_path, content):
    path = tmp_path / "empty.txt"
    path.write_bytes(content)
    with pytest.raises(DocumentError, match="is empty"):
        read_document(path)


def test_error_survives_a_process_border():
    error = DocumentError("a.txt", "line 2", "it is wrong", "mend it")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == "a.txt, line 2: it is wrong; mend it"
    assert again.place == "line 2"
