"""What Hypothesis is told so that it need not find it out."""

import gzip
import json

import pytest
from hypothesis.internal import charmap

from conformance import seeded


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Returns where Hypothesis keeps its table of UTF-8, which is not there yet; nothing is remembered."""
    monkeypatch.setenv("HYPOTHESIS_STORAGE_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(charmap, "charmap_file", lambda name: tmp_path / "tables" / f"{name}.json.gz")
    seeded.keep_tables_elsewhere.cache_clear()
    yield tmp_path / "tables" / "codec-v2-utf-8.json.gz"
    seeded.keep_tables_elsewhere.cache_clear()


def intervals():
    return [[*map(list, found.intervals)] for found in charmap.intervals_from_codec.__wrapped__("utf-8")]


def test_the_table_is_the_one_that_hypothesis_makes(table):
    assert intervals() == [*seeded._UTF_8]
    assert json.loads(gzip.decompress(table.read_bytes())) == [*seeded._UTF_8]


def test_hypothesis_takes_the_table(table, monkeypatch):
    seeded.keep_tables_elsewhere()
    monkeypatch.setattr(charmap.sys, "maxunicode", 0)  # whoever looks through all characters finds one
    assert intervals() == [*seeded._UTF_8]


def test_a_table_that_is_there_stays(table):
    table.parent.mkdir()
    table.write_bytes(b"its own")
    seeded.keep_tables_elsewhere()
    assert table.read_bytes() == b"its own"


def test_a_folder_that_can_not_be_written_to_is_no_mistake(table):
    table.parent.write_text("no folder")
    seeded.keep_tables_elsewhere()
    assert table.parent.read_text() == "no folder"
