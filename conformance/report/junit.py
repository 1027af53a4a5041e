"""`junit.xml`: a test case for each scenario."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any
from xml.etree import ElementTree as ET

# What XML 1.0 can't hold, section 2.2: control characters, lone surrogates, two non-characters.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: dict[str, Any]) -> str:
    """Returns the XML; valid whatever the target sent. A run without verdict shows as an error, never as empty."""
    run = report["run"]
    suite = ET.Element("testsuite", name="arena-conformance", timestamp=run["started"], time=str(run["seconds"]))
    seconds: dict[str, float] = defaultdict(float)
    for exchange in report["exchanges"]:
        seconds[exchange["scenario"]] += exchange["milliseconds"] / 1000
    for rule in report["rules"]:
        for scenario in rule["scenarios"]:
            _case(suite, rule, scenario, seconds[scenario["id"]])
    if run["exit_code"] not in (0, 1):
        case = ET.SubElement(suite, "testcase", classname="run", name="verdict", time="0")
        ET.SubElement(case, "error", message=_text(run["reason"]), type=run["verdict"])
    for outcome, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(attribute, str(len(suite.findall(f"testcase/{outcome}"))))
    suite.set("tests", str(len(suite.findall("testcase"))))
    root = ET.Element("testsuites", {name: value for name, value in suite.attrib.items() if name != "timestamp"})
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(suite: ET.Element, rule: dict[str, Any], scenario: dict[str, Any], seconds: float) -> None:
    name = scenario["id"].partition("/")[2]
    case = ET.SubElement(suite, "testcase", classname=rule["id"], name=_text(name), time=f"{seconds:.3f}")
    properties = ET.SubElement(case, "properties")
    ET.SubElement(properties, "property", name="rule", value=rule["id"])
    ET.SubElement(properties, "property", name="verdict", value=scenario["verdict"])
    match scenario["verdict"]:
        case "fail":
            problem = ET.SubElement(case, "failure", message=_text(scenario["reason"]), type=rule["id"])
            problem.text = _text(
                f"{rule['statement']}\nThe page, line {rule['lines']}: {rule['quote']}\n"
                f"expected: {scenario.get('expected', '')}\nactual: {scenario.get('actual', '')}\n"
                f"{scenario.get('curl', '')}"
            )
        case "error":
            ET.SubElement(case, "error", message=_text(scenario["reason"]), type="error")
        case "untested" | "waived":
            ET.SubElement(case, "skipped", message=_text(f"{scenario['verdict']}: {scenario['reason']}"))
        case "observed":
            ET.SubElement(case, "system-out").text = _text(scenario["reason"])


def _text(text: str) -> str:
    return _FORBIDDEN.sub(lambda match: f"\\x{ord(match.group()):02x}", text)
