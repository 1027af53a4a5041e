"""The page in a real browser: Debian's chromium, or CHROMIUM=/path/to/one.

Run with `pytest -m browser tests/test_browser.py`.
"""

import json
import os
import shutil

import pytest
import samples
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, expect, sync_playwright

from conformance.report import har, html
from conformance.report.text import visible

pytestmark = pytest.mark.browser

WIDTHS = (390, 800, 1280)
SCHEMES = ("light", "dark")


@pytest.fixture(scope="module")
def browser():
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if program is None:
        pytest.fail("there is no Chromium; `apt-get install chromium`, or set CHROMIUM to the path of one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages to open, by name."""
    folder = tmp_path_factory.mktemp("pages")
    faulty = samples.faulty_run(folder / "report.json")
    made = {
        "faulty": samples.with_everything(faulty),
        "trimmed": samples.with_everything(samples.trimmed(faulty)),
        "hostile": samples.hostile(),
        "huge": samples.huge(),
    }
    for name, report in made.items():
        (folder / f"{name}.html").write_text(html.render(report), "utf-8")
    (folder / "traffic.har").write_text("".join(har.render(faulty)), "utf-8")
    return folder


class Watched:
    """A page, opened without a network, and all that it complains about or asks for."""

    def __init__(self, browser, path, place="", **options):
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "offline": True, **options})
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.complaints = []
        self.requests = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.complaints.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.requests.append(request.url.partition("#")[0]))
        self.page.goto(f"file://{path}{place}")


@pytest.fixture
def opened(browser, pages):
    """Opens a page; afterwards there was no complaint, and no request but for the page itself."""
    watched = []

    def open_page(name="faulty", place="", **options):
        watched.append(Watched(browser, pages / f"{name}.html", place, **options))
        return watched[-1].page

    yield open_page
    for one in watched:
        assert one.complaints == []
        assert {url for url in one.requests if not url.startswith("data:")} == {one.page.url.partition("#")[0]}
        one.context.close()


def shown(page, selector):
    """Returns the ids of the elements that can be seen."""
    return page.eval_on_selector_all(selector, "all => all.filter(one => one.checkVisibility()).map(one => one.id)")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["faulty", "hostile"])
def test_it_opens_offline_and_fits(opened, name, width, scheme):
    page = opened(name, viewport={"width": width, "height": 800}, color_scheme=scheme)
    assert page.locator("h1").inner_text().endswith("Fails")
    page.get_by_role("button", name="Unfold all").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(
        "document.querySelector('.scroll').scrollWidth <= document.querySelector('.scroll').clientWidth"
    )


def test_the_picture_leads_to_the_scenario(opened):
    page = opened()
    cell = page.get_by_role("link", name="Owner of the process; assigned to a group: may reopen it: the server refused")
    assert cell.inner_text().split() == ["no", "≠", "yes"]
    cell.click()
    assert page.url.endswith("#owner-may-reopen/step-assigned-to-a-group")
    expect(page.locator('[id="owner-may-reopen/step-assigned-to-a-group"]')).to_be_in_viewport()


def test_a_permalink_opens_its_rule(opened):
    page = opened(place="#json-required")
    expect(page.locator("#json-required")).to_be_in_viewport()
    expect(page.locator("#json-required .s").first).to_be_visible()
    expect(page.locator("#session-required .s").first).to_be_hidden()


def test_a_link_to_a_call_opens_it_wherever_it_is_folded(opened):
    page = opened()
    number = page.locator(".call").nth(40).locator("> div").get_attribute("id")
    assert not page.locator(f"#{number}").is_visible()
    page.evaluate("place => { location.hash = place }", number)
    expect(page.locator(f"#{number} pre").first).to_be_visible()
    expect(page.locator(f"#{number}")).to_be_in_viewport()


def test_filter_by_verdict(opened):
    page = opened()
    failed = page.locator(".s[data-verdict=fail]").count()
    page.get_by_role("button", name=f"fail {failed}").click()
    assert shown(page, ".rule") == ["owner-may-reopen", "others-may-not-reopen"]
    assert len(shown(page, ".s[data-verdict]")) == failed
    assert page.get_by_role("status").first.inner_text() == f"{failed} scenarios of 2 rules"
    page.locator("button[data-verdict='']").click()
    assert len(shown(page, ".rule")) == 17


def test_search_from_the_keyboard(opened):
    page = opened()
    page.keyboard.press("/")
    page.keyboard.type("administrator reopen")
    assert "others-may-not-reopen/administrator" in shown(page, ".s[data-verdict]")
    assert "quota-counts-down" not in shown(page, ".rule")
    page.keyboard.type(" no-such-thing")
    assert shown(page, ".rule") == []
    expect(page.get_by_text("Nothing fits.")).to_be_visible()
    page.keyboard.press("Escape")
    assert len(shown(page, ".rule")) == 17


def test_a_link_to_what_the_filter_hides_shows_it(opened):
    page = opened()
    page.locator("button[data-verdict=fail]").click()
    page.evaluate("location.hash = 'json-required'")
    expect(page.locator("#json-required")).to_be_in_viewport()


def test_everything_can_be_reached_by_keyboard(opened):
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("#session-required summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#session-required .s").first).to_be_visible()


def test_copying_a_command(opened):
    page = opened(permissions=["clipboard-read", "clipboard-write"])
    failed = page.locator('[id="owner-may-reopen/step-assigned-to-a-group"]')
    command = failed.locator(".curl").first
    failed.get_by_role("button", name="Copy").first.click()
    expect(failed.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == command.inner_text()
    assert command.inner_text().startswith("curl -i -X POST")


def test_folded_evidence_is_offered_for_copying_when_it_opens(opened):
    page = opened()
    failed = page.locator('[id="owner-may-reopen/step-assigned-to-a-group"]')
    failed.locator(".calls > summary").click()
    failed.locator(".call.judged > summary").first.click()
    expect(failed.locator(".call.judged .copy").first).to_be_visible()
    assert failed.locator(".call.judged .curl").first.inner_text().startswith("curl -i -X POST")


def test_the_timeline_tells_the_call_and_leads_to_it(opened):
    page = opened()
    page.locator("#timeline").hover(position={"x": 200, "y": 80})
    assert page.locator("#pointed").inner_text().split()[0].isdigit()
    page.locator("#timeline").click(position={"x": 200, "y": 80})
    expect(page.locator(f"#{page.url.partition('#')[2]}")).to_be_in_viewport()


def test_a_hostile_text_stays_text(opened):
    page = opened("hostile")
    page.get_by_role("button", name="Unfold all").click()
    page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true })")
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.scripts.length") == 1
    assert page.locator("img, iframe, object, form, a[href^=javascript]").count() == 0
    text = page.locator("main").inner_text()
    assert visible(text, "\n\t\xa0") == text
    for one in ("</script><script>window.hacked = 1</script>", "{{ 7 * 7 }}", "a\\u202egnirts\\u202c"):
        assert one in text


def test_no_other_script_runs(browser, pages):
    watched = Watched(browser, pages / "faulty.html")
    with pytest.raises(Error, match="TrustedScript"):
        watched.page.evaluate("{ const one = document.createElement('script'); one.text = 'window.hacked = 1' }")
    with pytest.raises(Error, match="TrustedHTML"):
        watched.page.evaluate("document.body.innerHTML = '<img src=x onerror=window.hacked=1>'")
    assert watched.page.evaluate("window.hacked") is None
    watched.context.close()


# Only the colours depend on the scheme.
@pytest.mark.parametrize(("scheme", "rules"), [("light", {}), ("dark", {"runOnly": ["color-contrast"]})])
@pytest.mark.parametrize("name", ["trimmed", "hostile"])
def test_axe_finds_nothing(opened, name, scheme, rules):
    page = opened(name, color_scheme=scheme, viewport={"width": 800, "height": 900})
    page.eval_on_selector_all("details:not(.calls, .call)", "all => all.forEach(one => { one.open = true })")
    page.eval_on_selector_all("#owner-may-reopen details", "all => all.forEach(one => { one.open = true })")
    found = Axe().run(page, options=rules).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []


def test_it_can_be_read_without_javascript(opened):
    page = opened(java_script_enabled=False)
    assert page.locator("h1").inner_text().endswith("Fails")
    assert page.locator(".tools").is_hidden()
    assert page.locator("#owner-may-reopen .sides").first.is_visible()
    fold = page.locator("#json-required .scenarios > summary")
    fold.click()
    expect(page.locator("#json-required .s").first).to_be_visible()
    page.locator("#json-required .calls > summary").first.click()
    page.locator("#json-required .call > summary").first.click()
    expect(page.locator("#json-required .call pre").first).to_be_visible()


def test_it_prints_what_matters(opened):
    page = opened()
    page.emulate_media(media="print")
    assert page.locator("nav, .tools, .copy").evaluate_all("all => all.every(one => !one.checkVisibility())")
    assert page.locator("#owner-may-reopen .sides").first.is_visible()
    pdf = page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert 3 < pdf.count(b"/Type /Page\n") < 20


def test_five_thousand_calls_open_within_a_second(browser, pages):
    times = []
    for _ in range(3):
        watched = Watched(browser, pages / "huge.html")
        navigation = "performance.getEntriesByType('navigation')[0]"
        times.append(watched.page.evaluate(f"{navigation}.loadEventEnd - {navigation}.startTime"))
        assert watched.page.locator(".call").count() == 5_000
        watched.context.close()
    assert min(times) < 1_000


def test_the_archive_is_what_a_browser_can_replay(browser, pages):
    entries = json.loads((pages / "traffic.har").read_text("utf-8"))["log"]["entries"]
    read = next(one for one in entries if one["request"]["method"] == "GET")
    context = browser.new_context()
    context.route_from_har(pages / "traffic.har")
    page = context.new_page()
    answer = page.goto(read["request"]["url"])
    assert answer.status == read["response"]["status"]
    assert answer.text() == read["response"]["content"]["text"]
    context.close()
