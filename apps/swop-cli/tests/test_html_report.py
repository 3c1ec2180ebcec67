"""The HTML report in a real browser: it draws itself, offline, and can be walked through."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from swop import load_config, scan_project
from swop_cli.render.html import render_report

from .shop import shop

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1400,1000",
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = shop(tmp_path_factory.mktemp("shop"), broken="def broken(:\n")
    text = render_report(scan_project(load_config(root)))
    path = root / "report.html"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_page_needs_nothing_else(page: Path) -> None:
    """No address, no second file; what the project says cannot end the page's own script."""
    text = page.read_text(encoding="utf-8")
    addresses = text.replace("http://www.w3.org/2000/svg", "")
    assert "http" not in addresses.replace("http-equiv", "")
    assert text.count("<script") == text.count("</script>") == 2
    assert "<shop>" not in text
    assert "default-src 'none'" in text


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    if shutil.which("chromium") is None or shutil.which("chromedriver") is None:
        pytest.skip("needs the system package chromium: apt-get install chromium chromium-driver")
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


def test_a_person_finds_their_way(browser: object, page: Path) -> None:
    """Counts, errors, the graph; choosing a command shows its fields and where it leads."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    driver = browser
    driver.get(page.as_uri())  # type: ignore[attr-defined]
    find = driver.find_element  # type: ignore[attr-defined]
    every = driver.find_elements  # type: ignore[attr-defined]
    assert find(By.TAG_NAME, "html").get_attribute("data-ready") == "yes"
    assert find(By.TAG_NAME, "h1").text == "<shop> & co"
    assert [card.text.split() for card in every(By.CSS_SELECTOR, ".card[data-kind]")] == [
        ["1", "commands"],
        ["1", "queries"],
        ["1", "events"],
        ["1", "handlers"],
    ]
    assert "src/broken.py:1: not valid Python" in find(By.ID, "problems").text
    assert len(every(By.CSS_SELECTOR, ".node")) == 4
    assert len(every(By.CSS_SELECTOR, ".edge")) == 2

    find(By.CSS_SELECTOR, ".node[data-name=IssueInvoice]").click()
    detail = find(By.ID, "detail").text
    assert "customer_id" in detail
    assert "IssueInvoiceHandler" in detail
    assert len(every(By.CSS_SELECTOR, ".edge.on")) == 2
    assert len(every(By.CSS_SELECTOR, ".node.dim")) == 1

    find(By.CSS_SELECTOR, "#detail a").click()
    assert find(By.CSS_SELECTOR, "#detail h3").text == "IssueInvoiceHandler"

    find(By.TAG_NAME, "body").send_keys(Keys.ESCAPE)
    find(By.CSS_SELECTOR, "#contexts button[data-context=catalog]").click()
    assert [row.get_attribute("data-name") for row in every(By.CSS_SELECTOR, ".row")] == [
        "ListProducts"
    ]
    find(By.CSS_SELECTOR, "#contexts button[data-context='']").click()
    find(By.ID, "search").send_keys("customer_id")
    assert [row.get_attribute("data-name") for row in every(By.CSS_SELECTOR, ".row")] == [
        "IssueInvoice"
    ]
    assert driver.get_log("browser") == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_colour_schemes_can_be_read(browser: object, page: Path, scheme: str) -> None:
    """The system's scheme is followed, and ink differs from paper by at least 7 to 1."""
    driver = browser
    driver.execute_cdp_cmd(  # type: ignore[attr-defined]
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    driver.get(page.as_uri())  # type: ignore[attr-defined]
    ink, paper = driver.execute_script(  # type: ignore[attr-defined]
        "const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]"
    )
    light = {name: _luminance(colour) for name, colour in (("ink", ink), ("paper", paper))}
    assert (light["paper"] > light["ink"]) is (scheme == "light")
    bright, dim = max(light.values()), min(light.values())
    assert (bright + 0.05) / (dim + 0.05) >= 7


def _luminance(colour: str) -> float:
    parts = colour[colour.index("(") + 1 : -1].split(",")[:3]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (float(part) / 255 for part in parts)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
