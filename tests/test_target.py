"""The target file: what is wrong with it is said with its line and what to write instead, and never with a secret."""

import datetime as dt
import re

import pytest
import yaml
from make import TARGET, target_file

from conformance.target import Account, Staging, TargetError, Waiver, from_document, is_loopback, read

CANARY = "hunter2-hunter2"
REMOTE = ("base_url: http://127.0.0.1:8080/v1", "base_url: https://api.example.com/v1")
PASSWORD = "the-owners-password"
SECRET = ("password: the-owners-password", "password: ${OWNER_PASSWORD}")
ENVIRON = {"OWNER_PASSWORD": CANARY, "EMPTY": ""}


def load(path, environ=None, **overrides):
    return read(path, overrides=overrides, environ=ENVIRON if environ is None else environ)


def problems(path, environ=None, **overrides):
    """Returns the lines of the error, without the file's folder."""
    with pytest.raises(TargetError) as caught:
        load(path, environ, **overrides)
    return [line.replace(f"{path.parent}/", "") for line in str(caught.value).splitlines()]


# good files


def test_the_smallest_file(tmp_path):
    target = load(target_file(tmp_path))
    assert target.base_url == "http://127.0.0.1:8080/v1"
    assert target.profile == "documented"
    assert target.staging == Staging("2KN4N6J4VIL40J2L4N0B3")
    assert list(target.accounts) == ["owner"]
    assert target.accounts["owner"].password.reveal() == PASSWORD
    assert (target.writes_allowed, target.exclusive, target.timeout_seconds) == (False, False, 30.0)
    assert (target.headers, target.waivers, target.expired_session_id) == ({}, (), None)
    assert (target.workspace_id, target.workspace_name) == (None, "")
    assert target.loopback


WHOLE = """\
base_url: https://api.example.com/v1/
profile: winter-2023
workspace_id: 123456789
workspace_name: Sandbox
writes: {allowed: [assignee]}
exclusive: true
headers: {Arena-Usage-Reason: conformance, Authorization: "${TOKEN}"}
timeout_seconds: 2.5
accounts:
  owner: {email: owner@example.com, password: "${OWNER_PASSWORD}", guid: WEYH0DYPCFWFYH0JSIPD}
  assignee: {session_id: "${ASSIGNEE_SESSION}"}
  foreigner: {email: owner@example.com, password: "${OWNER_PASSWORD}", workspace_id: 987654321}
expired_session_id: ${EXPIRED}
staging:
  mode: api
  template: 2KN4N6J4VIL40J2L4N0B3
  number_prefix: NUMBERPREFIX
  assignee_group: GROUP
waivers:
  - {rule: failure-is-400, scenario: server-error, reason: "vendor ticket 1234", until: 2027-03-01}
  - {rule: json-required, reason: later, until: "2027-04-01"}
"""
WHOLE_ENVIRON = {"TOKEN": "Bearer t0ken", "OWNER_PASSWORD": "pw", "ASSIGNEE_SESSION": "s1", "EXPIRED": "old"}


def test_a_whole_file(tmp_path):
    target = load(target_file(tmp_path, WHOLE), WHOLE_ENVIRON)
    owner, assignee, foreigner = target.accounts.values()
    assert (target.base_url, target.profile) == ("https://api.example.com/v1", "winter-2023")
    assert (target.workspace_id, target.workspace_name) == (123456789, "Sandbox")
    assert (target.writes_allowed, target.exclusive, target.timeout_seconds) == (True, True, 2.5)
    assert {name: value.reveal() for name, value in target.headers.items()} == {
        "Arena-Usage-Reason": "conformance",
        "Authorization": "Bearer t0ken",
    }
    assert (owner.role, owner.email, owner.password.reveal(), owner.guid) == (
        "owner",
        "owner@example.com",
        "pw",
        "WEYH0DYPCFWFYH0JSIPD",
    )
    assert (assignee.session_id.reveal(), assignee.password, assignee.email) == ("s1", None, "")
    assert foreigner.workspace_id == 987654321
    assert target.expired_session_id.reveal() == "old"
    assert target.staging == Staging("2KN4N6J4VIL40J2L4N0B3", "NUMBERPREFIX", "GROUP")
    assert target.waivers == (
        Waiver("failure-is-400", "server-error", "vendor ticket 1234", dt.date(2027, 3, 1)),
        Waiver("json-required", "", "later", dt.date(2027, 4, 1)),
    )
    assert not target.loopback


def test_the_order_of_accounts_in_a_file_says_nothing():
    accounts = {role: {"email": f"{role}@example.com", "password": "x"} for role in ("owner", "assignee", "foreigner")}
    document = {"base_url": "http://127.0.0.1:1/v1", "staging": {"mode": "api", "template": "T" * 20}}
    other = dict(reversed(accounts.items()))
    read_in = [[*from_document({**document, "accounts": one}, environ={}).accounts] for one in (accounts, other)]
    assert read_in[0] == read_in[1] == [*accounts]


def test_a_target_does_not_show_its_secrets(tmp_path):
    shown = repr(load(target_file(tmp_path, WHOLE), {**WHOLE_ENVIRON, "OWNER_PASSWORD": CANARY, "EXPIRED": CANARY}))
    assert "owner@example.com" in shown
    assert CANARY not in shown
    assert "t0ken" not in shown


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(("base_url: http", "\ufeffbase_url: http"), id="byte-order-mark"),
        pytest.param(("base_url: http", "# a comment\n---\nbase_url: http"), id="document-start"),
        pytest.param(("127.0.0.1:8080", "localhost:8080"), id="localhost"),
        pytest.param(("http://127.0.0.1:8080/v1", "'http://[::1]:8080/v1'"), id="ipv6"),
        pytest.param(("http://127.0.0.1:8080/v1", "http://127.0.0.1"), id="no-port-and-path"),
        pytest.param(SECRET, id="secret-from-the-environment"),
        pytest.param((PASSWORD, '"a ${OWNER_PASSWORD} b"'), id="variable-within-on-loopback"),
        pytest.param((PASSWORD, "'$HOME $(id) ${1} {X}'"), id="dollar-signs-that-are-no-variable"),
        pytest.param(("staging:", "expired_session_id: x\nstaging:"), id="literal-session-on-loopback"),
        pytest.param(("staging:", "workspace_id: W-1\nstaging:"), id="workspace-by-name"),
        pytest.param(("staging:", "timeout_seconds: 600\nstaging:"), id="longest-timeout"),
        pytest.param(("staging:", "waivers: []\nheaders: {}\nstaging:"), id="empty-lists"),
        pytest.param(
            ("staging:", "  assignee: &a {session_id: x}\n  colleague: {session_id: y}\nstaging:"), id="anchor"
        ),
    ],
)
def test_accepted(tmp_path, change):
    assert load(target_file(tmp_path, TARGET, change)).accounts["owner"].email == "owner@example.com"


def test_a_variable_stands_for_the_environments_value(tmp_path):
    text = (PASSWORD, '"${A}-${B}${A}"')
    target = load(target_file(tmp_path, TARGET, text), {"A": "1", "B": "${A}"})
    assert target.accounts["owner"].password.reveal() == "1-${A}1"


@pytest.mark.parametrize(
    "password", ["2024-01-31", "2024-01-31 10:00:00", "2024-02-30", "2001-12-14t21:59:43.10-05:00"]
)
def test_a_password_that_looks_like_a_date_is_text(tmp_path, password):
    target = load(target_file(tmp_path, TARGET, (PASSWORD, password)))
    assert target.accounts["owner"].password.reveal() == password


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/v1/", "http://127.0.0.1:1/v1//", "http://127.0.0.1:1/v1"])
def test_final_slashes_are_left_out(tmp_path, url):
    assert load(target_file(tmp_path), base_url=url).base_url == "http://127.0.0.1:1/v1"


# bad files

OWNER_LINES = "    email: owner@example.com\n    password: the-owners-password\n"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param(
            [("staging:", "stagging:")],
            "arena.yaml:6: stagging is not known in the file; did you mean staging?",
            id="unknown-key",
        ),
        pytest.param(
            [("mode: api", "mode: api\n  zzz: 1")],
            "arena.yaml:8: zzz is not known in staging; known here: assignee_group, mode, number_prefix, template",
            id="unknown-key-like-none",
        ),
        pytest.param(
            [("  owner:", "  onwer:")],
            "arena.yaml:3: onwer is not known in accounts; did you mean owner?",
            id="unknown-role",
        ),
        pytest.param(
            [("    email:", "    e_mail:")],
            "arena.yaml:4: e_mail is not known in accounts.owner; did you mean email?",
            id="unknown-key-of-an-account",
        ),
        pytest.param([("  mode: api\n", "")], "arena.yaml:6: staging lacks mode; add it", id="key-missing-in-a-part"),
        pytest.param(
            [("base_url: http://127.0.0.1:8080/v1\n", "")],
            "arena.yaml:1: the file lacks base_url; add it",
            id="key-missing",
        ),
        pytest.param(
            [("mode: api", "mode: manual")], "arena.yaml:7: staging.mode must be one of: api, fixed", id="mode"
        ),
        pytest.param(
            [("staging:", "profile: latest\nstaging:")],
            "arena.yaml:6: profile must be one of: documented, winter-2023",
            id="profile",
        ),
        pytest.param(
            [("staging:", "writes: yes\nstaging:")],
            "arena.yaml:6: writes must be one of: allowed, forbidden",
            id="writes",
        ),
        pytest.param(
            [("staging:", "exclusive: 'true'\nstaging:")],
            "arena.yaml:6: exclusive must be of type boolean",
            id="exclusive",
        ),
        pytest.param(
            [(PASSWORD, "12345678")],
            "arena.yaml:5: accounts.owner.password must be of type string; put the value in quotes",
            id="password-number",
        ),
        pytest.param(
            [(PASSWORD, "no")],
            "arena.yaml:5: accounts.owner.password must be of type string; put the value in quotes",
            id="password-boolean",
        ),
        pytest.param(
            [(PASSWORD, "''")], "arena.yaml:5: accounts.owner.password is not usable: minLength 1", id="password-empty"
        ),
        pytest.param(
            [("    password: the-owners-password\n", "")],
            "arena.yaml:3: accounts.owner needs either email and password, or session_id",
            id="no-password",
        ),
        pytest.param(
            [("    email:", "    session_id: x\n    email:")],
            "arena.yaml:3: accounts.owner needs either email and password, or session_id",
            id="password-and-session",
        ),
        pytest.param(
            [(OWNER_LINES, "    {}\n")],
            "arena.yaml:3: accounts.owner needs either email and password, or session_id",
            id="account-empty",
        ),
        pytest.param(
            [(f"  owner:\n{OWNER_LINES}", "  {}\n")],
            "arena.yaml:2: accounts is not usable: minProperties 1",
            id="no-accounts",
        ),
        pytest.param(
            [("2KN4N6J4VIL40J2L4N0B3", "2KN4 N6J4")],
            "arena.yaml:8: staging.template is not usable: pattern",
            id="guid-with-a-space",
        ),
        pytest.param(
            [("http://127.0.0.1:8080/v1", "127.0.0.1:8080/v1")],
            "arena.yaml:1: base_url must look like https://host/v1, without user, query or fragment",
            id="url-without-scheme",
        ),
        *[
            pytest.param(
                [("http://127.0.0.1:8080/v1", url)],
                "arena.yaml:1: base_url must look like https://host/v1, without user, query or fragment",
                id=f"url-with-{name}",
            )
            for name, url in {
                "another-scheme": "ftp://127.0.0.1/v1",
                "a-user": "http://me:pw@127.0.0.1/v1",
                "a-query": "http://127.0.0.1/v1?x=1",
                "a-fragment": "'http://127.0.0.1/v1#x'",
                "a-space": "http://127.0.0.1/v 1",
                "a-separator": r'"http://127.0.0.1/v1\x1cx"',
                "no-host-at-all": "http://",
            }.items()
        ],
        *[
            pytest.param(
                [("http://127.0.0.1:8080/v1", url)],
                "arena.yaml:1: base_url has no usable host or port",
                id=f"url-with-{name}",
            )
            for name, url in {
                "no-host": "http:///v1",
                "port-0": "http://127.0.0.1:0/v1",
                "port-65536": "http://127.0.0.1:65536/v1",
                "port-word": "http://127.0.0.1:http/v1",
                "open-bracket": "'http://[::1/v1'",
                "no-address-in-brackets": "'http://[zz]/v1'",
            }.items()
        ],
        *[
            pytest.param(
                [("staging:", f"timeout_seconds: {value}\nstaging:")],
                f"arena.yaml:6: timeout_seconds {wrong}",
                id=f"timeout-{value}",
            )
            for value, wrong in {
                "0": "is not usable: exclusiveMinimum 0",
                "-1": "is not usable: exclusiveMinimum 0",
                "601": "is not usable: maximum 600",
                ".inf": "is not usable: maximum 600",
                "long": "must be of type number",
                "true": "must be of type number",
            }.items()
        ],
        pytest.param(
            [("staging:", 'headers:\n  "bad name": x\nstaging:')],
            "arena.yaml:6: headers is not usable",
            id="header-name",
        ),
        pytest.param(
            [("staging:", 'headers:\n  A: "x\\r\\ny"\nstaging:')],
            "arena.yaml:7: headers.A is not usable",
            id="header-value-of-two-lines",
        ),
        pytest.param(
            [("staging:", "headers:\n  A: 1\nstaging:")],
            "arena.yaml:7: headers.A must be of type string; put the value in quotes",
            id="header-number",
        ),
        pytest.param(
            [("staging:", "headers: []\nstaging:")], "arena.yaml:6: headers must be of type object", id="headers-list"
        ),
        *[
            pytest.param(
                [("staging:", f"headers:\n  {name}: x\nstaging:")],
                f"arena.yaml:7: {name} is set by the suite itself; leave it out",
                id=f"header-{name}",
            )
            for name in ("arena_session_id", "Arena_Session_ID", "Content-Type", "content-length", "Host")
        ],
        pytest.param(
            [("    email:", "    session_id: a b\n    email:"), ("    password: the-owners-password\n", "")],
            "arena.yaml:4: accounts.owner.session_id is not usable",
            id="session-with-a-space",
        ),
        pytest.param(
            [(PASSWORD, "${NOT_SET}")],
            "arena.yaml:5: the environment variable NOT_SET is not set; export NOT_SET=…",
            id="variable-not-set",
        ),
        pytest.param(
            [(PASSWORD, "${EMPTY}")],
            "arena.yaml:5: the environment variable EMPTY is empty; export EMPTY=…",
            id="variable-empty",
        ),
        pytest.param(
            [("staging:", "headers:\n  A: 1 ${NOT_SET} 2\nstaging:")],
            "arena.yaml:7: the environment variable NOT_SET is not set; export NOT_SET=…",
            id="variable-not-set-deep",
        ),
        pytest.param(
            [("staging:", "  colleague: {email: OWNER@example.com, password: x}\nstaging:")],
            "arena.yaml:6: owner and colleague are the same account; give each its own, or omit one",
            id="same-account-twice",
        ),
        pytest.param(
            [
                ("the-owners-password", "the-owners-password\n    workspace_id: 5"),
                ("staging:", "  colleague: {email: owner@example.com, password: x, workspace_id: '5'}\nstaging:"),
            ],
            "arena.yaml:7: owner and colleague are the same account; give each its own, or omit one",
            id="same-account-twice-in-one-workspace",
        ),
        pytest.param(
            [
                ("staging:", "  colleague: {email: owner@example.com, password: x, workspace_id: 5}\nstaging:"),
                ("base_url:", "workspace_id: 5\nbase_url:"),
            ],
            "arena.yaml:7: owner and colleague are the same account; give each its own, or omit one",
            id="same-account-twice-in-the-files-workspace",
        ),
        pytest.param(
            [("staging:", "  assignee: {session_id: s}\n  colleague: {session_id: s}\nstaging:")],
            "arena.yaml:7: assignee and colleague are the same account; give each its own, or omit one",
            id="same-session-twice",
        ),
        *[
            pytest.param(
                [("staging:", f"waivers:\n  - {waiver}\nstaging:")], f"arena.yaml:7: {wrong}", id=f"waiver-{name}"
            )
            for name, waiver, wrong in [
                (
                    "rule-misspelt",
                    "{rule: failure-is-4000, reason: x, until: 2027-01-01}",
                    "there is no rule failure-is-4000; did you mean failure-is-400?",
                ),
                (
                    "rule-like-none",
                    "{rule: zzz, reason: x, until: 2027-01-01}",
                    "there is no rule zzz; `arena-conformance rules` lists them",
                ),
                ("no-reason", "{rule: failure-is-400, until: 2027-01-01}", "waivers.0 lacks reason; add it"),
                (
                    "reason-empty",
                    "{rule: failure-is-400, reason: '', until: 2027-01-01}",
                    "waivers.0.reason is not usable: minLength 1",
                ),
                ("no-day", "{rule: failure-is-400, reason: x}", "waivers.0 lacks until; add it"),
                (
                    "day-in-words",
                    "{rule: failure-is-400, reason: x, until: soon}",
                    "waivers.0.until is not usable: pattern",
                ),
                (
                    "day-not-in-the-calendar",
                    "{rule: failure-is-400, reason: x, until: '2027-02-30'}",
                    "until is no day of the calendar",
                ),
                (
                    "day-without-quotes-not-in-the-calendar",
                    "{rule: failure-is-400, reason: x, until: 2027-02-30}",
                    "until is no day of the calendar",
                ),
                (
                    "day-with-a-time",
                    "{rule: failure-is-400, reason: x, until: 2027-02-03T10:00:00Z}",
                    "waivers.0.until is",
                ),
                (
                    "unknown-key",
                    "{rule: failure-is-400, reason: x, until: 2027-01-01, scenarios: x}",
                    "scenarios is not known in waivers.0; did you mean scenario?",
                ),
            ]
        ],
    ],
)
def test_refused(tmp_path, changes, message):
    found = problems(target_file(tmp_path, TARGET, *changes))
    assert any(line.startswith(message) for line in found), found
    assert all(re.match(r"arena\.yaml:\d+: ", line) for line in found)


def test_the_line_of_the_second_waiver(tmp_path):
    waivers = """waivers:
  - rule: failure-is-400
    reason: x
    until: 2027-01-01
  - rule: json-required
    reason: x
    until: "2027-13-01"
"""
    assert problems(target_file(tmp_path, waivers + TARGET)) == ["arena.yaml:7: until is no day of the calendar"]


def test_every_problem_is_named_at_once(tmp_path):
    text = """\
base_url: nowhere
profil: documented
exclusiv: true
accounts:
  owner: {email: o@example.com, password: "${NOT_SET}"}
  onwer: {}
staging: {mode: api}
"""
    assert sorted(problems(target_file(tmp_path, text))) == [
        "arena.yaml:1: base_url must look like https://host/v1, without user, query or fragment",
        "arena.yaml:2: profil is not known in the file; did you mean profile?",
        "arena.yaml:3: exclusiv is not known in the file; did you mean exclusive?",
        "arena.yaml:5: the environment variable NOT_SET is not set; export NOT_SET=…",
        "arena.yaml:6: onwer is not known in accounts; did you mean owner?",
        "arena.yaml:7: staging lacks template; add it",
    ]


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        pytest.param(
            [], ["5: accounts.owner.password stands in the file; write ${ARENA_OWNER_PASSWORD}"], id="password"
        ),
        pytest.param(
            [(PASSWORD, "x${OWNER_PASSWORD}")],
            ["5: accounts.owner.password stands in the file; write ${ARENA_OWNER_PASSWORD}"],
            id="half-a-password",
        ),
        pytest.param(
            [SECRET, ("staging:", "  assignee: {session_id: abc}\nstaging:")],
            ["6: accounts.assignee.session_id stands in the file; write ${ARENA_ASSIGNEE_SESSION_ID}"],
            id="session",
        ),
        pytest.param(
            [SECRET, ("staging:", "expired_session_id: abc\nstaging:")],
            ["6: expired_session_id stands in the file; write ${ARENA_EXPIRED_SESSION_ID}"],
            id="expired-session",
        ),
        *[
            pytest.param(
                [SECRET, ("staging:", f"headers:\n  {name}: abc\nstaging:")],
                [f"7: headers.{name} stands in the file; write ${{ARENA_{name.upper().replace('-', '_')}}}"],
                id=f"header-{name}",
            )
            for name in (
                "Authorization",
                "X-Api-Key",
                "Cookie",
                "X-Token",
                "X-Secret",
                "Session-Id",
                "proxy-authorization",
            )
        ],
        pytest.param(
            [("staging:", "  assignee: {session_id: abc}\nstaging:")],
            [
                "5: accounts.owner.password stands in the file; write ${ARENA_OWNER_PASSWORD}",
                "6: accounts.assignee.session_id stands in the file; write ${ARENA_ASSIGNEE_SESSION_ID}",
            ],
            id="two",
        ),
    ],
)
def test_a_secret_in_the_file_is_refused_but_on_loopback(tmp_path, changes, places):
    found = problems(target_file(tmp_path, TARGET, REMOTE, *changes))
    assert [line.split(" and export ")[0] for line in found] == [f"arena.yaml:{place}" for place in places]
    assert load(target_file(tmp_path, TARGET, *changes)).loopback


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param([SECRET], id="from-the-environment"),
        pytest.param(
            [SECRET, ("staging:", "headers: {Arena-Usage-Reason: tests}\nstaging:")], id="header-that-is-none"
        ),
        pytest.param(
            [SECRET, ("staging:", "headers: {Authorization: '${OWNER_PASSWORD}'}\nstaging:")],
            id="header-from-environment",
        ),
    ],
)
def test_no_secret_in_the_file_is_accepted_everywhere(tmp_path, changes):
    assert not load(target_file(tmp_path, TARGET, REMOTE, *changes)).loopback


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "arena.yaml: must be a YAML mapping with base_url, accounts and staging", id="empty"),
        pytest.param("# nothing\n", "arena.yaml: must be a YAML mapping", id="only-a-comment"),
        pytest.param("- a\n", "arena.yaml: must be a YAML mapping", id="list"),
        pytest.param("text", "arena.yaml: must be a YAML mapping", id="text"),
        pytest.param("null", "arena.yaml: must be a YAML mapping", id="null"),
        pytest.param("a: 1\nb: [1\n", "arena.yaml:3: is not YAML: ", id="open-bracket"),
        pytest.param("a: 1\n b: 2\n", "arena.yaml:2: is not YAML: ", id="indentation"),
        pytest.param("a: 1\n\tb: 2\n", "arena.yaml:2: is not YAML: ", id="tab"),
        pytest.param("a: 1\nb: *a\n", "arena.yaml:2: is not YAML: ", id="alias-of-nothing"),
        pytest.param("a: 1\nb: !x 2\n", "arena.yaml:2: is not YAML: ", id="unknown-tag"),
        pytest.param("a: !!python/object/apply:os.getcwd []\n", "arena.yaml:1: is not YAML: ", id="python-tag"),
        pytest.param("a: 1\n---\nb: 2\n", "arena.yaml:2: is not YAML: ", id="two-documents"),
        pytest.param("a: 1\nb: 2\na: 3\n", "arena.yaml:3: is not YAML: a stands twice", id="key-twice"),
        pytest.param("a:\n  b: 1\n  b: 1\n", "arena.yaml:3: is not YAML: b stands twice", id="key-twice-deep"),
        pytest.param("a:\n- {b: 1, b: 1}\n", "arena.yaml:2: is not YAML: b stands twice", id="key-twice-in-a-list"),
        pytest.param("a: 1\n[b]: 2\n", "arena.yaml:2: ", id="key-that-is-a-list"),
        pytest.param("a: 1\n{b: 1}: 2\n", "arena.yaml:2: ", id="key-that-is-a-mapping"),
        pytest.param("a: \x07\n", "arena.yaml: is not YAML: ", id="control-character"),
        pytest.param("a: &a [*a]\n", "arena.yaml: is not YAML: ", id="list-that-holds-itself"),
        pytest.param("a: " + "[" * 5000, "arena.yaml: is not YAML: ", id="nested-too-deep"),
    ],
)
def test_not_a_target_file(tmp_path, text, message):
    (found,) = problems(target_file(tmp_path, text))
    assert found.startswith(message)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        pytest.param(b"a: \xff\n", "arena.yaml: is not UTF-8 (byte 3); save it as UTF-8", id="latin-1"),
        pytest.param(TARGET.encode("utf-16"), "arena.yaml: is not UTF-8 (byte 0); save it as UTF-8", id="utf-16"),
    ],
)
def test_not_utf_8(tmp_path, raw, message):
    path = tmp_path / "arena.yaml"
    path.write_bytes(raw)
    assert problems(path) == [message]


def test_no_such_file(tmp_path):
    assert problems(tmp_path / "none.yaml") == ["none.yaml: can't be read: No such file or directory"]


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "arena.yaml").mkdir()
    assert problems(tmp_path / "arena.yaml") == ["arena.yaml: can't be read: Is a directory"]


# flags


@pytest.mark.parametrize(
    ("change", "overrides", "held"),
    [
        pytest.param(
            ("http://127.0.0.1:8080/v1", "nowhere"), {"base_url": "http://127.0.0.1:9/v1"}, "base_url", id="bad"
        ),
        pytest.param(
            ("base_url: http://127.0.0.1:8080/v1\n", ""), {"base_url": "http://127.0.0.1:9"}, "base_url", id="none"
        ),
        pytest.param(("staging:", "profile: old\nstaging:"), {"profile": "winter-2023"}, "profile", id="profile"),
        pytest.param(
            ("base_url: http", "base_url: ${NOT_SET}http"), {"base_url": "http://127.0.0.1:9"}, "base_url", id="not-set"
        ),
    ],
)
def test_a_flag_replaces_a_key_before_anything_is_validated(tmp_path, change, overrides, held):
    target = load(target_file(tmp_path, TARGET, change), **overrides)
    assert getattr(target, held) == overrides[held]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        pytest.param({"base_url": "nowhere"}, "--base-url: base_url must look like https://host/v1", id="base-url"),
        pytest.param({"base_url": "http://h:0/v1"}, "--base-url: base_url has no usable host or port", id="port"),
        pytest.param({"profile": "old"}, "--profile: profile must be one of: documented, winter-2023", id="profile"),
    ],
)
def test_a_bad_flag_is_named_by_its_name(tmp_path, overrides, message):
    found = problems(target_file(tmp_path, TARGET, SECRET), **overrides)
    assert found[0].startswith(message)


def test_a_flag_that_leads_away_from_loopback_uncovers_the_literal_secret(tmp_path):
    found = problems(target_file(tmp_path), base_url="https://api.example.com/v1")
    assert found[0].startswith("arena.yaml:5: accounts.owner.password stands in the file")


# secrets


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param([REMOTE, (PASSWORD, CANARY)], id="stands-in-the-file"),
        pytest.param([("    password: the-owners-password", f"    pasword: {CANARY}")], id="under-a-misspelt-key"),
        pytest.param([("    password: the-owners-password", f"    password: [{CANARY}]")], id="list"),
        pytest.param([("    password: the-owners-password", f"    password: {{a: {CANARY}}}")], id="mapping"),
        pytest.param([("    password: the-owners-password", f"    session_id: {CANARY} x")], id="session-with-a-space"),
        pytest.param([(PASSWORD, f"*{CANARY}")], id="begins-like-an-alias"),
        pytest.param([(PASSWORD, f"!{CANARY}")], id="begins-like-a-tag"),
        pytest.param([(PASSWORD, f"!!{CANARY}")], id="begins-like-a-standard-tag"),
        pytest.param([(PASSWORD, f"!{CANARY}!x")], id="begins-like-a-tag-handle"),
        pytest.param([(PASSWORD, f"*{CANARY}'")], id="begins-like-an-alias-and-holds-a-quote"),
        pytest.param([(PASSWORD, f"&{CANARY}")], id="begins-like-an-anchor"),
        pytest.param([(PASSWORD, f"@{CANARY}")], id="begins-with-an-at-sign"),
        pytest.param([(PASSWORD, f"`{CANARY}")], id="begins-with-a-backtick"),
        pytest.param([(PASSWORD, f"%{CANARY}")], id="begins-with-a-percent-sign"),
        pytest.param([(PASSWORD, f'"{CANARY}')], id="quote-left-open"),
        pytest.param([(PASSWORD, f'"{CANARY}" x')], id="quote-within"),
        pytest.param([(PASSWORD, f'"\\{CANARY}"')], id="escape-that-is-none"),
        pytest.param([(PASSWORD, f"{CANARY}: x")], id="colon-within"),
        pytest.param([(PASSWORD, f"[{CANARY}")], id="bracket-left-open"),
        pytest.param([(PASSWORD, f"{{{CANARY}")], id="brace-left-open"),
        pytest.param([(PASSWORD, f"{CANARY}\x07")], id="control-character"),
        pytest.param([(PASSWORD, f"|{CANARY}")], id="begins-like-a-block"),
        pytest.param([("staging:", f'headers: {{A: "{CANARY}\\n"}}\nstaging:')], id="header-of-two-lines"),
        pytest.param([("staging:", f"headers: {{Authorization: [{CANARY}]}}\nstaging:")], id="header-list"),
        pytest.param([("staging:", f"expired_session_id: [{CANARY}]\nstaging:")], id="expired-session"),
        pytest.param(
            [SECRET, ("    email:", "    session_id: ${OWNER_PASSWORD}\n    email:")], id="from-the-environment"
        ),
        pytest.param(
            [("http://127.0.0.1:8080/v1", "https://me:${OWNER_PASSWORD}@example.com/v1")], id="within-the-address"
        ),
        pytest.param([("2KN4N6J4VIL40J2L4N0B3", "'${OWNER_PASSWORD} x'")], id="in-a-wrong-place"),
        pytest.param([("staging:", "profile: ${OWNER_PASSWORD}\nstaging:")], id="for-a-profile"),
    ],
)
def test_an_error_never_shows_a_secret(tmp_path, changes):
    found = problems(target_file(tmp_path, TARGET, *changes))
    assert found
    assert "hunter2" not in "\n".join(found)


@pytest.mark.parametrize(
    ("change", "environ"),
    [
        pytest.param(("http://127.0.0.1:8080/v1", '"http://127.0.0.1:8080/v1\\n"'), {}, id="base-url"),
        pytest.param(("2KN4N6J4VIL40J2L4N0B3", '"2KN4N6J4VIL40J2L4N0B3\\n"'), {}, id="guid"),
        pytest.param(("2KN4N6J4VIL40J2L4N0B3", '"${GUID}"'), {"GUID": "2KN4\n"}, id="guid-from-the-environment"),
        pytest.param((OWNER_LINES, '    session_id: "abc\\n"\n'), {}, id="session"),
        pytest.param((OWNER_LINES, '    session_id: "${ID}"\n'), {"ID": "abc\n"}, id="session-from-the-environment"),
        pytest.param(("staging:", 'headers: {A: "x\\n"}\nstaging:'), {}, id="header"),
        pytest.param(("staging:", 'headers: {"A\\n": x}\nstaging:'), {}, id="header-name"),
        pytest.param(("staging:", "timeout_seconds: .nan\nstaging:"), {}, id="timeout-that-is-no-number"),
    ],
)
def test_what_no_call_could_be_made_with_is_refused(tmp_path, change, environ):
    assert problems(target_file(tmp_path, TARGET, change), environ)


# parsed documents


def test_a_document_needs_no_file():
    target = from_document(yaml.safe_load(TARGET), environ={})
    assert target.accounts["owner"] == Account("owner", "owner@example.com", target.accounts["owner"].password)


def test_a_document_is_named_where_it_is_wrong():
    with pytest.raises(TargetError, match="target file:1: the file lacks staging; add it"):
        from_document({"base_url": "http://127.0.0.1/v1", "accounts": {"owner": {"session_id": "x"}}}, environ={})


@pytest.mark.parametrize(
    ("url", "here"),
    [
        pytest.param("http://127.0.0.1:8080/v1", True, id="127.0.0.1"),
        pytest.param("http://127.1.2.3/v1", True, id="127.0.0.0/8"),
        pytest.param("http://localhost/v1", True, id="localhost"),
        pytest.param("https://LOCALHOST:1/v1", True, id="capitals"),
        pytest.param("http://arena.localhost/v1", True, id="below-localhost"),
        pytest.param("http://[::1]:1/v1", True, id="ipv6"),
        pytest.param("http://0.0.0.0/v1", False, id="any-address"),
        pytest.param("http://10.0.0.1/v1", False, id="private-network"),
        pytest.param("http://localhost.example.com/v1", False, id="begins-with-localhost"),
        pytest.param("http://notlocalhost/v1", False, id="ends-with-localhost"),
        pytest.param("http://127.0.0.1.example.com/v1", False, id="begins-with-an-address"),
        pytest.param("http://[2001:db8::1]/v1", False, id="ipv6-elsewhere"),
        pytest.param("https://api.arenasolutions.com/v1", False, id="the-vendors"),
        pytest.param("http:///v1", False, id="no-host"),
    ],
)
def test_is_loopback(url, here):
    assert is_loopback(url) is here


# who may write

GIVEN = """\
base_url: https://api.example.com/v1
accounts:
  owner: {session_id: "${S1}"}
  assignee: {session_id: "${S2}"}
staging: {mode: api, template: 2KN4N6J4VIL40J2L4N0B3}
"""
SESSIONS = {"S1": "session-of-the-owner", "S2": "session-of-the-assignee"}


def test_given_sessions_may_write_where_they_are_named(tmp_path):
    text = GIVEN + "writes: {allowed: [owner, assignee]}\n"
    assert load(target_file(tmp_path, text), SESSIONS).writes_allowed


@pytest.mark.parametrize(
    ("writes", "named"),
    [
        ("allowed", "owner, assignee"),
        ("{allowed: [owner]}", "owner, assignee"),
        ("{allowed: [assignee]}", "assignee, owner"),
    ],
)
def test_given_sessions_may_not_write_unnamed(tmp_path, writes, named):
    (problem,) = problems(target_file(tmp_path, f"{GIVEN}writes: {writes}\n"), SESSIONS)
    assert problem.startswith("arena.yaml:6: nothing shows in which workspace the sessions given for ")
    assert problem.endswith(f"say so: `writes: {{allowed: [{named}]}}`")


def test_a_given_session_beside_logins_needs_both(tmp_path):
    text = GIVEN.replace('{session_id: "${S2}"}', '{email: a@example.com, password: "${S2}"}') + "writes: allowed\n"
    found = problems(target_file(tmp_path, text), SESSIONS)
    assert any("workspace_name must say" in problem for problem in found)
    assert any("sessions given for owner write" in problem for problem in found)


def test_given_sessions_may_write_on_this_machine(tmp_path):
    text = GIVEN.replace("https://api.example.com", "http://127.0.0.1:8080") + "writes: allowed\n"
    assert load(target_file(tmp_path, text), SESSIONS).writes_allowed


def test_who_may_write_must_be_an_account(tmp_path):
    (problem,) = problems(target_file(tmp_path, GIVEN + "writes: {allowed: [owner, assignee, outsider]}\n"), SESSIONS)
    assert problem == "arena.yaml:6: there is no account outsider; there are owner, assignee"


@pytest.mark.parametrize(
    "writes", ["{allowed: []}", "{allowed: [owner, owner]}", "{forbidden: [owner]}", "[owner]", "{}"]
)
def test_who_may_write_is_a_list_of_accounts(tmp_path, writes):
    found = problems(target_file(tmp_path, f"{GIVEN}writes: {writes}\n"), SESSIONS)
    assert all(problem.startswith("arena.yaml:6: ") for problem in found), found


@pytest.mark.parametrize(("redact", "hidden"), [("[emails]", True), ("[]", False)])
def test_e_mail_addresses_are_redacted_on_request(tmp_path, redact, hidden):
    assert load(target_file(tmp_path, f"{TARGET}redact: {redact}\n")).redact_emails is hidden
