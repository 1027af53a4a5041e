"""The bench: that it measures what it says. How fast anything is, no test asks."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from conformance.bench import __main__ as bench
from conformance.bench import command, load, parts, tape
from conformance.judge import Settings


def measured(*arguments):
    """Returns the figures of a bench, by their words."""
    found = CliRunner().invoke(bench.bench, [*arguments, "--rounds", "1", "--json", "figures.json"])
    assert found.exit_code == 0, found.output
    return found.output


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_bare_loop_sends_what_the_run_sent_and_gets_the_same_answers():
    taped = tape.run(Settings(tape.EVERY_RULE, frozenset({"rules"})))
    assert taped.report["run"]["exit_code"] == 0
    assert len(taped.tape) == taped.report["run"]["calls"]
    seconds, same = tape.send_again(taped.tape)
    assert 0 < seconds < taped.seconds
    assert same == 1


def test_figures_are_printed_and_written(folder):
    output = measured("--only", "start", "--only", "page")
    written = json.loads((folder / "figures.json").read_text("utf-8"))
    assert written["rounds"] == 1
    assert [one["at_most"] for one in written["figures"]["start"]] == [0.3]
    for one in [*written["figures"]["start"], *written["figures"]["page"]]:
        assert one["value"] > 0
        assert one["what"] in output
        assert one["kept"] == (one["value"] <= one["at_most"])


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (["--only", "start", "--json", "nowhere/figures.json"], "there is no folder nowhere; make it first"),
        (["--only", "start", "--against", "http://127.0.0.1:9/x"], "nothing answers at http://127.0.0.1:9/x"),
        (["--against", "nonsense"], "it has to be an http:// address of this machine"),
        (["--against", "http://192.0.2.1:4010/x"], "it has to be an http:// address of this machine"),
        (["--against", "http://127.0.0.1:many/x"], "http://127.0.0.1:many/x"),
    ],
)
def test_a_mistake_is_told_before_anything_is_measured(arguments, cause):
    found = CliRunner().invoke(bench.bench, arguments)
    assert found.exit_code == 2
    assert cause in " ".join(found.output.replace("│", " ").split())


def test_a_server_to_compare_with_needs_the_part_that_compares(server):
    found = CliRunner().invoke(bench.bench, ["--only", "start", "--against", server.url])
    assert found.exit_code == 2
    assert "--only server" in found.output


def test_contenders_take_turns_and_the_median_counts():
    turns = []

    def contender(name, values):
        def run():
            turns.append(name)
            return values.pop(0)

        return run

    chosen = parts.Bench(3, 1, None, lambda _: None)
    found = chosen.alternate({"a": contender("a", [1.0, 9.0, 2.0]), "b": contender("b", [5.0, 3.0, 8.0])})
    assert turns == ["a", "b"] * 3
    assert (found.median("a"), found.median("b")) == (2.0, 5.0)
    assert found.ratio("a", "b") == 0.25  # of 0.2, 3 and 0.25: within a round both meet the same machine
    assert found.ratio("a", "a", "b") == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("bounds", "kept", "words"),
    [
        ({}, True, ""),
        ({"at_most": 2}, True, "at most 2"),
        ({"at_most": 1.5}, False, "at most 1.5: MISSED"),
        ({"at_least": 2}, True, "at least 2"),
        ({"at_least": 3}, False, "at least 3: MISSED"),
    ],
)
def test_a_figure_says_whether_it_keeps_its_target(bounds, kept, words):
    figure = parts.Figure("a figure", 2.0, **bounds)
    assert (figure.kept, figure.target, figure.as_json()["kept"]) == (kept, words, kept)


def test_the_arena_under_load_does_what_it_is_asked():
    with load.embedded() as asked:
        served = load.ask(asked, 0.5)
    assert served.statuses == {201}
    assert served.per_second > 0
    assert served.p99 > 0


def test_every_call_to_an_arena_far_away_takes_longer(monkeypatch):
    monkeypatch.setattr(parts, "_DELAYS", (0.002,))
    here, _, there, waiting = parts.far(parts.Bench(1, 1, None, lambda _: None))
    calls = int(there.what.partition("(")[2].split()[0])
    assert there.value > here.value
    assert there.value > 0.002 * calls
    assert waiting.value == pytest.approx(100 * 0.002 * calls / there.value)


def test_a_command_that_breaks_is_told_with_what_it_said():
    with pytest.raises(RuntimeError, match=r"(?s)ended with 2:.*there is no rule 'nonsense'"):
        command.suite("run", "--rule", "nonsense")
