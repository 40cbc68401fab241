"""The built documentation as a reader meets it: links, images, scripts, search, phones, assistive technology.

Build it first: ``uv run sphinx-build docs docs/_build/html``. Pages are opened in a headless Chromium.
"""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlparse

import pytest
from accessibility import serious_violations

pytestmark = pytest.mark.slow

SITE = Path(__file__).parents[2] / "docs" / "_build" / "html"
PAGES = (
    "index.html",
    "gallery/index.html",
    "gallery/start/plot_first_verdict.html",
    "gallery/claims/plot_more_than_the_sum_of_its_members.html",
    "guide/statistics.html",
    "api.html",
)
NEVER_READ = ("_static", "_modules", "genindex.html", "search.html")


class Anchors(HTMLParser):
    """Ids of a page, and where its links and images point."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.targets: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id"):
            self.ids.add(str(given["id"]))
        target = given.get("href") if tag in ("a", "link") else given.get("src")
        if target:
            self.targets.append(target)


@pytest.fixture(scope="module")
def pages() -> dict[Path, Anchors]:
    if not (SITE / "index.html").is_file():
        pytest.skip("the site is not built: uv run sphinx-build docs docs/_build/html")
    return {path.resolve(): Anchors(path.read_text(encoding="utf-8")) for path in SITE.rglob("*.html")}


def test_links_and_images_lead_somewhere(pages: dict[Path, Anchors]) -> None:
    broken = []
    for path, page in pages.items():
        if path.relative_to(SITE.resolve()).parts[0] in NEVER_READ:
            continue
        for target in page.targets:
            if urlparse(target).scheme or target.startswith("//"):
                continue
            file, anchor = urldefrag(target)
            there = (path.parent / unquote(urlparse(file).path)).resolve() if file else path
            if not there.is_file() or (anchor and there in pages and anchor not in pages[there].ids):
                broken.append(f"{path.relative_to(SITE.resolve())} -> {target}")
    assert broken == []


@pytest.fixture(scope="module")
def address(pages: dict[Path, Anchors]) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def opened(browser, url: str, *, width: int = 1280):
    """Open a page; returns it with what its scripts and requests complained of."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(f"not loaded: {request.url}"))
    page.goto(url, wait_until="networkidle")
    return page, complaints


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_whole_and_complains_of_nothing(browser, address: str, name: str) -> None:
    page, complaints = opened(browser, urljoin(address, name))
    empty = page.eval_on_selector_all(
        "img", "images => images.filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
    )
    unnamed = page.eval_on_selector_all(
        "img", "images => images.filter(i => !i.hasAttribute('alt')).map(i => i.src)"
    )
    page.close()
    assert complaints == []
    assert empty == []
    assert unnamed == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_phone(browser, address: str, name: str) -> None:
    page, _ = opened(browser, urljoin(address, name), width=390)
    width = page.evaluate("document.scrollingElement.scrollWidth")
    page.close()
    assert width <= 390


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(browser, address: str, name: str) -> None:
    page, _ = opened(browser, urljoin(address, name))
    found = serious_violations(page)
    page.close()
    assert found == {}


def test_search_finds_a_page(browser, address: str) -> None:
    page, complaints = opened(browser, urljoin(address, "search.html?q=emergent"))
    page.wait_for_selector("#search-results li a", timeout=20_000)
    found = page.eval_on_selector_all("#search-results li a", "links => links.map(a => a.href)")
    page.close()
    assert any("emergence" in link or "more_than_the_sum" in link for link in found)
    assert complaints == []
