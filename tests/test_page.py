"""The page, and the other renderings for people and CI: whole, linked, small, and harmless whatever the target sent."""

import errno
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from html.parser import HTMLParser

import harfile
import jinja2
import pytest
import samples
from make import RULES, TARGET, report, scenario, target_file
from markdown_it import MarkdownIt

from conformance import locks
from conformance.report import annotations, calls, document, har, html, picture, summary, terminal, words
from conformance.report.text import visible


class Page(HTMLParser):
    """What a browser would find: elements with their attributes, ids, links, and the text of each element."""

    VOID = frozenset({"meta", "link", "input", "rect", "path", "br", "img"})

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if "script" not in self.open and "style" not in self.open:
            self.text.append(data)

    def all(self, name: str) -> list[str]:
        return [value or "" for _, key, value in self.attributes if key == name]


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    return samples.faulty_run(tmp_path_factory.mktemp("faulty") / "report.json")


@pytest.fixture(scope="module", params=["a-run", "everything", "hostile", "empty", "huge"])
def made(request, faulty):
    return {
        "a-run": lambda: faulty,
        "everything": lambda: samples.with_everything(faulty),
        "hostile": samples.hostile,
        "empty": report,
        "huge": lambda: samples.huge(200),
    }[request.param]()


@pytest.fixture(scope="module")
def page(made):
    return Page(html.render(made))


# the page


def test_the_page_is_well_formed(page):
    assert page.unbalanced == []
    assert page.open == []


def test_every_link_leads_to_a_place_on_the_page(page):
    ids = page.all("id")
    assert [one for one, count in Counter(ids).items() if count > 1] == []
    links = {value for tag, name, value in page.attributes if name == "href" and tag == "a"}
    assert {link for link in links if not link.startswith("#")} == set()
    assert {link[1:] for link in links} - {*ids} == set()


def test_every_label_names_an_element(page):
    named = {value for name in ("aria-labelledby", "for") for value in page.all(name)}
    assert named - {*page.all("id")} == set()


def test_every_call_stands_there_once(made, page):
    shown = [int(one.removeprefix("call-")) for one in page.all("id") if one.startswith("call-")]
    assert sorted(shown) == [one["id"] for one in made["exchanges"]]


def test_every_rule_and_scenario_has_a_permalink(made, page):
    ids = {*page.all("id")}
    assert {rule["id"] for rule in made["rules"]} <= ids
    assert {one["id"] for rule in made["rules"] for one in rule["scenarios"]} <= ids


def test_nothing_on_the_page_loads_or_runs_but_our_own_script(page):
    assert page.tags["script"] == page.tags["style"] == page.tags["link"] == 1
    assert {tag for tag in page.tags if tag in {"img", "iframe", "object", "embed", "form", "base"}} == set()
    assert [name for _, name, _ in page.attributes if name.startswith("on") or name in ("style", "src")] == []
    policy = next(one for one in page.all("content") if one.startswith("default-src"))
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_nothing_invisible_is_on_the_page(made):
    text = html.render(made)
    assert visible(text, "\n\t") == text
    text.encode("utf-8")


def test_a_hostile_text_is_there_as_text():
    shown = "".join(Page(html.render(samples.hostile())).text)
    for one in samples.HOSTILE:
        assert visible(one, "\n") in shown


def test_the_page_is_the_same_each_time(faulty):
    assert html.render(faulty) == html.render(json.loads(json.dumps(faulty)))


def test_a_full_run_is_below_a_megabyte_and_a_half(faulty):
    assert len(html.render(faulty).encode()) < 1_500_000


@pytest.fixture
def private_folder(tmp_path, monkeypatch):
    """Returns the folder in which the templates of this test's pages are kept."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return locks.own_folder()


def test_templates_are_compiled_once(private_folder, faulty, monkeypatch):
    first = html.render(faulty)
    kept = {path.name: path.read_bytes() for path in private_folder.iterdir()}
    assert len(kept) == 2
    monkeypatch.setattr(jinja2.Environment, "compile", None)
    assert html.render(faulty) == first
    assert {path.name: path.read_bytes() for path in private_folder.iterdir()} == kept


@pytest.mark.parametrize(
    "left", [b"", b"j2", b"not what was written", None], ids=["empty", "cut", "other", "cut later"]
)
def test_what_is_left_of_a_compiled_template_harms_no_page(private_folder, faulty, left):
    first = html.render(faulty)
    for path in private_folder.iterdir():
        path.write_bytes(path.read_bytes()[:40] if left is None else left)
    assert html.render(faulty) == first


def test_no_code_is_taken_from_a_folder_that_others_may_write_to(private_folder, faulty):
    private_folder.chmod(0o777)
    assert html.render(faulty)
    assert [*private_folder.iterdir()] == []


@pytest.mark.parametrize(("mode", "kept"), [(0o755, True), (0o1777, True), (0o777, False), (0o775, False)])
def test_no_code_is_taken_from_where_others_may_put_another_folder(private_folder, faulty, mode, kept):
    private_folder.parent.chmod(mode)
    assert html.render(faulty)
    assert bool([*private_folder.iterdir()]) == kept


def test_a_page_needs_no_room_for_compiled_templates(private_folder, faulty, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", full)
    assert html.render(faulty)


@pytest.mark.parametrize(
    ("made", "headline", "sentence"),
    [
        pytest.param(
            report(*[scenario(id=f"{rule.id}/one") for rule in RULES]),
            "Conforms",
            "The server keeps all 17 promises of the page.",
            id="conforms",
        ),
        pytest.param(
            report(scenario()),
            "Conforms",
            "The server keeps 1 of the page's 17 promises. Of the others: 16 not selected for this run.",
            id="one-rule",
        ),
        pytest.param(
            report(scenario(), scenario("untested", "json-required/one"), scenario("waived", "success-is-201/one")),
            "Conforms as far as tested",
            "The server keeps 1 of the page's 17 promises. "
            "Of the others: 1 could not be tested, 1 waived, 14 not selected for this run.",
            id="untested",
        ),
        pytest.param(
            report(scenario("fail"), run={"verdict": "fails", "exit_code": 1}),
            "Fails",
            "The server breaks 1 of the page's 17 promises. Of the others: 16 not selected for this run.",
            id="fails",
        ),
        pytest.param(
            report(run={"verdict": "no verdict", "exit_code": 3, "reason": "nothing listens"}),
            "No verdict",
            "Nothing can be said about the server: nothing listens.",
            id="no-verdict",
        ),
        pytest.param(
            report(scenario(), run={"exit_code": 4, "reason": "2 breaking differences"}),
            "Conforms, but differs from the baseline",
            "The server keeps 1 of the page's 17 promises. Of the others: 16 not selected for this run.",
            id="drift",
        ),
    ],
)
def test_the_verdict_in_words(made, headline, sentence):
    assert (words.headline(made), words.sentence(made)) == (headline, sentence)
    assert headline in html.render(made)
    assert headline in summary.render(made)


def test_a_call_is_shown_with_the_command_that_repeats_it(faulty):
    shown = calls.show(faulty)[samples.judged(faulty)[0]]
    assert shown.request.startswith("curl -i -X POST http://127.0.0.1:")
    assert '-H "arena_session_id: $ARENA_SESSION_ID"' in shown.request
    assert re.match(r"(201 Created|400 Bad Request)\nContent-Length: \d+\n", shown.response)


def test_a_body_that_is_shown_already_is_referred_to():
    body = json.dumps({"results": ["x" * 400]})
    response = {"status": 200, "headers": [], "bytes": len(body), "body": body}
    made = report(exchanges=[samples.exchange(number, response=response, trouble="") for number in (1, 2)])
    shown = calls.show(made)
    assert [shown[number].same_as for number in (1, 2)] == [None, 1]
    assert [shown[number].response for number in (1, 2)] == [f"200 OK\n\n{body}", "200 OK"]


def test_a_long_body_is_cut_and_has_no_command():
    request = {"method": "POST", "url": "http://x/v1", "headers": [], "body": "x" * 10_000}
    shown = calls.show(report(exchanges=[samples.exchange(1, request=request)]))[1]
    assert shown.request.startswith("POST /v1\n\nxxx")
    assert shown.request.endswith("x… (6,000 more characters)")


def test_where_there_is_no_room_for_all_evidence_what_failed_is_shown(faulty):
    failed = [one for rule in faulty["rules"] for one in rule["scenarios"] if one["verdict"] == "fail"]
    shown = calls.show(faulty, most=20_000)
    kept = {number for number, call in shown.items() if call.response}
    assert {number for one in failed for number in one["exchanges"]} <= kept
    assert len(kept) < len(shown) / 2
    assert all(call.response for call in calls.show(faulty).values())


def test_a_page_stays_small_however_many_calls_there_are():
    made = samples.huge(2_600)
    text = html.render(made)
    assert len(text.encode()) < 1_500_000
    assert "request and answer are in <code>report.json</code> only" in text


# the picture


def test_every_who_may_scenario_has_its_cell_and_no_other():
    # in a process of its own: pytest inside pytest shares its plugins
    script = (
        "import json; from conformance.gate import RULES_FOLDER; from conformance.judge import list_scenarios; "
        "print(json.dumps(list_scenarios(str(RULES_FOLDER))))"
    )
    listed = json.loads(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout)
    asking = [f"{rule}/{name}" for rule, scenarios in listed.items() if rule in picture.RULES for name, _ in scenarios]
    assert sorted(name for entry in picture.TABLE for name in entry.scenarios) == sorted(asking)


def test_the_picture_names_known_places_and_contradicts_itself_nowhere():
    assert {entry.who for entry in picture.TABLE} == {*picture.WHO}
    assert {entry.state for entry in picture.TABLE} == {*picture.STATES}
    expected: dict[tuple[str, str], set[str]] = {}
    for entry in picture.TABLE:
        expected.setdefault((entry.who, entry.state), set()).add(entry.expected)
    assert [place for place, values in expected.items() if len(values) > 1] == []


def test_the_picture_shows_where_the_server_deviates(faulty):
    cells = [cell for row in picture.draw(faulty) for cell in row]
    deviating = {(cell.who, cell.state): (cell.expected, cell.actual) for cell in cells if cell.verdict == "fail"}
    assert deviating == {("owner", "group"): ("yes", "no"), ("colleague", "user"): ("no", "yes")}
    assert {*samples.NO_ACCOUNT} <= {cell.who for cell in cells if cell.verdict == "untested"}
    passed = [cell for cell in cells if cell.verdict == "pass"]
    assert passed
    assert all(cell.expected == cell.actual for cell in passed)


def test_the_picture_of_a_run_that_asked_nothing():
    verdicts = {cell.verdict for row in picture.draw(report()) for cell in row}
    assert verdicts == {"", "untested"}


@pytest.mark.parametrize(
    ("response", "actual"),
    [
        pytest.param({"status": 503, "headers": [], "bytes": 0, "body": ""}, "broken", id="server-error"),
        pytest.param({"status": 302, "headers": [], "bytes": 0, "body": ""}, "broken", id="redirect"),
        pytest.param(None, "broken", id="no-answer"),
    ],
)
def test_a_cell_tells_what_is_neither_success_nor_refusal(response, actual):
    name = "owner-may-reopen/step-assigned-to-a-group"
    made = report(scenario("fail", name, exchanges=[1]), exchanges=[samples.exchange(1, name, response=response)])
    cell = next(cell for row in picture.draw(made) for cell in row if cell.scenario == name)
    assert (cell.actual, cell.verdict) == (actual, "fail")


# summary.md


def test_the_summary_is_short_and_names_what_failed(faulty):
    text = summary.render(faulty)
    assert len(text) < 6_000
    assert text.startswith("## ✕ Arena conformance: Fails\n\nThe server breaks 2 of the page's 17 promises.")
    assert "### ✕ owner-may-reopen" in text
    assert "- **step-assigned-to-a-group**\n  - expected: `the step is reopened (201)`" in text
    assert "the target file has no account administrator" in text


def tokens(text):
    parser = MarkdownIt("gfm-like", {"linkify": False})
    return [part for token in parser.parse(text) for part in (token, *(token.children or []))]


def test_no_markup_of_the_target_reaches_the_summary():
    harmless = tokens(summary.render(samples.with_everything(samples.hostile() | {"left_behind": ["x"]})))
    parts = tokens(summary.render(samples.hostile()))
    kinds = {part.type for part in parts}
    assert not kinds & {"html_inline", "html_block", "link_open", "image", "fence", "code_block", "hr", "em_open"}
    assert Counter(part.type for part in parts)["table_open"] == 1
    headings = [part for part in parts if part.type == "heading_open"]
    assert len(headings) == len([part for part in harmless if part.type == "heading_open"])
    assert all(len(row) == 4 for row in _table(parts))


def _table(parts):
    rows: list[list[str]] = []
    for part in parts:
        if part.type == "tr_open":
            rows.append([])
        if part.type in ("td_open", "th_open"):
            rows[-1].append(part.type)
    return rows


# annotations and the log


def test_annotations_name_each_failed_rule_once():
    made = report(scenario("fail"), scenario("fail", "owner-may-reopen/other"), scenario("fail", "json-required/one"))
    lines = annotations.render(made)
    assert len(lines) == 2
    assert lines[0].startswith(
        "::error title=Arena rule broken%3A owner-may-reopen::owner-may-reopen/assigned: why it is fail (and 1 more)%0A"
    )


def test_annotations_of_a_run_without_verdict():
    made = report(run={"verdict": "no verdict", "exit_code": 3, "reason": "100 % gone"})
    assert annotations.render(made) == ["::error title=Arena conformance%3A No verdict::100 %25 gone"]
    assert annotations.render(report(scenario())) == []


def test_no_annotation_is_broken_by_what_the_target_sent():
    for line in annotations.render(samples.hostile()):
        assert visible(line) == line
        assert re.fullmatch(r"::error title=[^:,]*::[^\r\n]*", line)


@pytest.mark.parametrize("text", [*samples.HOSTILE, "::error::x", "  ::error::x", "##[debug]x", "x ##teamcity[y]"])
def test_no_line_of_the_log_is_a_command(text):
    line = terminal.plain(text)
    assert "\n" not in line
    assert not line.strip().startswith("::")
    assert not re.search(r"##\w*\[", line)


# traffic.har

# what HAR 1.2 demands
BOTH = {"httpVersion", "cookies", "headers", "headersSize", "bodySize"}
REQUEST = {*BOTH, "method", "url", "queryString"}
RESPONSE = {*BOTH, "status", "statusText", "content", "redirectURL"}


def test_the_archive_is_har(faulty):
    log = json.loads("".join(har.render(faulty)))["log"]
    assert log["version"] == harfile.HAR_VERSION
    assert len(log["entries"]) == len(faulty["exchanges"])
    for entry, one in zip(log["entries"], faulty["exchanges"], strict=True):
        assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= entry.keys()
        assert entry["time"] == sum(value for value in entry["timings"].values() if value > 0)
        assert entry["request"].keys() >= REQUEST
        assert entry["response"].keys() >= RESPONSE
        sent = one["request"].get("body", one["request"].get("body_base64"))
        assert entry["request"].get("postData", {}).get("text") == sent
        assert entry["response"]["status"] == one["response"]["status"]
        assert entry["response"]["content"]["text"] == one["response"]["body"]


def test_the_archive_holds_calls_without_an_answer_and_bytes_that_are_no_text():
    request = {"method": "POST", "url": "http://x/v1?a=1&b=", "headers": [], "body_base64": "/w=="}
    made = report(exchanges=[samples.exchange(1, request=request, response=None, trouble="reset")])
    entry = json.loads("".join(har.render(made)))["log"]["entries"][0]
    assert entry["response"]["status"] == 0
    assert entry["response"]["comment"] == "reset"
    assert entry["request"]["queryString"] == [{"name": "a", "value": "1"}, {"name": "b", "value": ""}]
    assert entry["request"]["postData"] == {"mimeType": "", "params": [], "text": "/w==", "comment": "base64"}


def test_the_archive_is_json_whatever_the_target_sent():
    assert len(json.loads("".join(har.render(samples.hostile())))["log"]["entries"]) == 3


# the commands


def test_a_run_writes_everything_and_report_makes_it_again(command, tmp_path):
    done = command("run", "--only", "rules", "--rule", "success-is-201")
    assert done.returncode == 0
    assert "Details: reports/index.html" in done.stdout
    names = ["index.html", "summary.md", "junit.xml", "traffic.har"]
    before = {name: (tmp_path / "reports" / name).read_bytes() for name in names}
    again = command("report", "reports/report.json", "--report-dir", "again")
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.splitlines() == [f"again/{name}" for name in names]
    assert {name: (tmp_path / "again" / name).read_bytes() for name in names} == before
    assert "::error" not in done.stdout


def test_under_github_actions_a_failure_is_annotated_and_summed_up(command, tmp_path):
    job = tmp_path / "job.md"
    job.write_text("# before\n")
    target_file(tmp_path, TARGET, (":8080", ":9"), ("accounts:", "writes: allowed\naccounts:"))
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(job)}
    done = command("run", "--only", "rules", "--target", "arena.yaml", env=env)
    assert done.returncode == 3
    assert done.stdout.splitlines()[-1].startswith("::error title=Arena conformance%3A No verdict::")
    assert job.read_text("utf-8").startswith("# before\n## ? Arena conformance: No verdict\n")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(None, "can't be read: No such file", id="no-file"),
        pytest.param("", "is no JSON", id="empty"),
        pytest.param('{"version": 1, "run"', "is no JSON", id="cut-off"),
        pytest.param("[]", "is no report of version 1", id="another-thing"),
        pytest.param('{"version": 2}', "is no report of version 1", id="another-version"),
        pytest.param(json.dumps({**report(), "complete": False}), "complete: True was expected", id="not-complete"),
        pytest.param(
            json.dumps({key: value for key, value in report().items() if key != "complete"}),
            "is no whole report",
            id="without-its-end",
        ),
        pytest.param(
            json.dumps(report(scenario(exchanges=[7]))), "exchange 7 is named in it and not there", id="lost-exchange"
        ),
    ],
)
def test_what_is_no_whole_report_is_refused(command, tmp_path, text, problem):
    if text is not None:
        (tmp_path / "some.json").write_text(text)
    done = command("report", "some.json")
    assert done.returncode == 2
    assert problem in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "index.html").exists()


def test_a_written_report_is_read_back(tmp_path):
    document.write(samples.hostile(), tmp_path / "report.json")
    assert document.read(tmp_path / "report.json") == samples.hostile()
