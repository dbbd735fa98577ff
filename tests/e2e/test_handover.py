"""`sluice handover`: the notice to the partner is true to what lies at the destination."""

import html.parser
import json

import pyarrow.parquet
import pytest
from support.lake import Lake, clock, row


@pytest.fixture
def tables(lake, tmp_path, sluice):
    users = Lake(tmp_path / "lake" / "users", [row(1, 0.5)], **{"delta.enableChangeDataFeed": "true"})
    sluice.users = users
    sluice.add_feed("main.crm.users", users.path, name="users")
    sluice.add_snapshots("main.ref.copies", lake.path, name="copies")
    return sluice.add("main.sales.events", lake.path, name="events", start=clock(0))


def notice(sluice, *arguments: str) -> dict:
    outcome = sluice.call("handover", *arguments, now=clock(6))
    assert outcome.code == 0, str(outcome)
    return outcome.json["notice"]


def table(notice: dict, name: str) -> dict:
    return next(t for t in notice["tables"] if t["name"] == name)


def test_before_the_first_export_the_schema_is_the_sources(tables):
    before = notice(tables)
    assert all(t["exports"] == 0 and not t["samples"] for t in before["tables"])
    tables.call("run", now=clock(5))
    after = notice(tables)
    for t in before["tables"]:
        assert t["columns"] == table(after, t["name"])["columns"]


def test_samples_are_files_with_the_columns_that_the_notice_tells(tables):
    tables.call("run", now=clock(5))
    tables.users.append(row(2, 1.5))
    tables.call("run", now=clock(5))
    for t in notice(tables)["tables"]:
        for sample in t["samples"]:
            held = pyarrow.parquet.ParquetFile(tables.destination / sample).schema_arrow.names
            assert held == [c["name"] for c in t["columns"] if not c["in_path"]], t["name"]
        assert t["samples"], t["name"]
    assert table(notice(tables), "users")["samples"][0].startswith("users_cdc/")


def test_a_notice_made_again_tells_what_changed(tables, lake):
    file = tables.folder / "notice.md"
    outcome = tables.call("handover", "-o", file, now=clock(6))
    assert outcome.json["written"] == [str(file), str(file.with_suffix(".json"))]
    assert "What changed" not in file.read_text()
    tables.change(partition="daily", timezone="Europe/Berlin")
    for _ in range(2):
        changes = notice(tables, "-o", file)["changes"]
        assert "main.sales.events: column hr dropped" in changes
        assert "main.sales.events: time zone: Europe/Berlin, before UTC" in changes
        assert "- main.sales.events: column hr dropped" in file.read_text()


def test_since_compares_with_any_earlier_notice(tables):
    old = tables.folder / "old.json"
    assert tables.call("handover", "--format", "json", "-o", old, now=clock(6)).code == 0
    tables.config["tables"].pop()
    outcome = tables.call("handover", "--since", old, now=clock(7), json=False)
    assert "main.sales.events: no longer exported" in outcome.stdout
    assert json.loads(old.read_text())["since"] is None


@pytest.mark.parametrize("text, says", [("{}", "not the JSON of a notice"), ('{"format": 9}', "format 9")])
def test_what_is_not_a_notice_is_named_and_kept(tables, text, says):
    file = tables.folder / "notice.json"
    file.write_text(text)
    outcome = tables.call("handover", "-o", tables.folder / "notice.md")
    assert outcome.code == 1 and says in outcome.error["message"], str(outcome)
    assert "notice.json" in outcome.error["message"] and file.read_text() == text


def test_a_file_that_cannot_be_written_is_an_error(tables):
    outcome = tables.call("handover", "-o", tables.folder / "no" / "such" / "folder.md")
    assert outcome.code == 1 and "folder.md" in outcome.error["message"], str(outcome)


def test_an_excluded_column_is_nowhere_in_the_notice(tables):
    tables.change(exclude=["name"], columns=None)
    text = tables.call("handover", "--format", "html", json=False).stdout
    events = text[text.index("main.sales.events</code></h2>"):]
    assert "<code>event_timestamp</code>" in events and "<code>name</code>" not in events


def test_no_place_of_a_source_is_in_the_notice(tables, tmp_path):
    for form in ("markdown", "html", "json"):
        assert str(tmp_path / "lake") not in tables.call("handover", "--format", form, json=False).stdout


class Outline(html.parser.HTMLParser):
    """Open tags, headings in order, and everything that would be loaded."""

    VOID = {"meta", "br"}

    def __init__(self):
        super().__init__()
        self.open, self.headings, self.loaded, self.headers = [], [], [], 0

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.loaded += [v for k, v in attrs if k in ("src", "href")]
        self.headers += tag == "th" and attributes.get("scope") in ("col", "row")
        if tag not in self.VOID:
            self.open.append(tag)
        if tag in ("h1", "h2", "h3"):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_well_formed_outlined_and_alone(tables):
    text = tables.call("handover", "--format", "html", json=False).stdout
    outline = Outline()
    outline.feed(text)
    assert outline.open == [] and outline.loaded == [] and outline.headers > 10
    assert outline.headings[0] == 1 and outline.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(outline.headings, outline.headings[1:], strict=False))
    assert '<html lang="en">' in text and "prefers-color-scheme: dark" in text and "<script" not in text
