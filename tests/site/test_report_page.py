"""A report as a reader meets it, in a headless Chromium: hover, sort, filter, phones, print, no scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from accessibility import serious_violations
from synthetic_fit import flagship_fit, flagship_verdict

from coefficacy.reporting import render_report, team_estimates

pytestmark = pytest.mark.slow

TEAMS = 40
TABLE = "table[data-kind=sortable]"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    fit = flagship_fit(TEAMS)
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render_report(fit, flagship_verdict(fit)), encoding="utf-8")
    return Path(path).as_uri()


@pytest.fixture
def page(browser, address: str) -> Iterator[object]:
    """The page at desktop width; it must complain of nothing and ask the network for nothing."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: complaints.append(asked.url) if asked.url != address else None)
    page.goto(address)
    yield page
    page.close()
    assert complaints == []


def column(page, number: int) -> list[str]:
    rows = f"{TABLE} tbody tr:not([hidden])"
    return page.eval_on_selector_all(rows, f"rows => rows.map(row => row.cells[{number}].textContent)")


def head(page, words: str):
    return page.locator(f"{TABLE} thead th").filter(has_text=words).first


def unfolded(page) -> None:
    page.locator("details").filter(has=page.locator(TABLE)).locator("summary").click()


def test_a_team_that_is_pointed_at_is_named_with_its_numbers(page) -> None:
    lowest = team_estimates(flagship_fit(TEAMS)).nsmallest(1, "collective_efficacy_mean").iloc[0]
    spot = page.locator(".spots").first.locator("rect").first
    assert page.locator(".tip").is_hidden()
    spot.scroll_into_view_if_needed()
    spot.hover()
    words = page.locator(".tip").inner_text()
    assert words.startswith(
        f"{lowest['team']} ({lowest['layer']}): −{-lowest['collective_efficacy_mean']:.2f}, "
    )
    assert words.endswith(f"n = {lowest['n']}")
    page.mouse.move(5, 5)
    assert page.locator(".tip").is_hidden()


def test_spots_lie_over_the_points_that_they_name(page) -> None:
    names, labels = page.evaluate(
        """() => {
          const middle = (x) => x.getBoundingClientRect().x + x.getBoundingClientRect().width / 2;
          const drawing = document.querySelector(".spots").closest("svg");
          const texts = [...drawing.querySelectorAll("text")].map((t) => [t.textContent.trim(), middle(t)]);
          return [
            [...drawing.querySelectorAll(".spots rect")].map((spot) => [spot.dataset.unit, middle(spot)]),
            Object.fromEntries(texts),
          ];
        }"""
    )
    assert len(names) == TEAMS
    for name, at in names:
        assert abs(labels[name] - at) < 6, name


def test_numbers_sort_as_numbers_by_keyboard(page) -> None:
    unfolded(page)
    button = head(page, "collective efficacy mean").locator("button")
    button.focus()
    page.keyboard.press("Enter")
    shown = [float(cell.replace("−", "-")) for cell in column(page, 3)]
    assert shown == sorted(shown)
    assert head(page, "collective efficacy mean").get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Enter")
    assert [float(cell.replace("−", "-")) for cell in column(page, 3)] == shown[::-1]
    head(page, "team").locator("button").click()
    assert column(page, 0) == sorted(column(page, 0))
    assert head(page, "collective efficacy mean").get_attribute("aria-sort") == "none"


def test_text_and_layer_filter_table_and_figures(page) -> None:
    unfolded(page)
    every = column(page, 1)
    layer = every[0]
    page.get_by_label("layer").select_option(layer)
    assert column(page, 1) == [layer] * every.count(layer)
    assert page.locator(".shown").inner_text() == f"{every.count(layer)} of {TEAMS} shown"
    figures = page.locator(".spots").count()
    assert page.locator(".spots .off").count() == figures * (TEAMS - every.count(layer))
    name = column(page, 0)[0]
    page.get_by_label("Filter teams").fill(name.upper())
    assert column(page, 0) == [name]
    page.get_by_label("Filter teams").fill("no such team")
    assert column(page, 0) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, address: str, scheme: str) -> None:
    page = browser.new_page(color_scheme=scheme)
    page.goto(address)
    page.eval_on_selector_all("details", "parts => parts.forEach(part => part.open = true)")
    found = serious_violations(page)
    page.close()
    assert found == {}


def test_the_page_fits_a_phone(browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(address)
    page.eval_on_selector_all("details", "parts => parts.forEach(part => part.open = true)")
    width = page.evaluate("document.scrollingElement.scrollWidth")
    page.close()
    assert width <= 390


def test_without_scripts_all_is_there_and_no_control_is_dead(browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    unfolded(page)
    assert page.locator(f"{TABLE} tbody tr").count() == TEAMS
    assert page.locator("button, input, select").count() == 0
    assert page.locator(".spots rect title").count() == TEAMS * page.locator(".spots").count()
    context.close()


def test_print_unfolds_what_is_folded_and_shows_every_team(page) -> None:
    page.get_by_label("Filter teams").fill("no such team")
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator(f"{TABLE} tbody tr").first.is_visible()
    assert page.locator(".filter").is_hidden()
