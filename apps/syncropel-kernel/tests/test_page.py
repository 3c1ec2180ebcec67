"""The page at `/` in a real browser."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from syncropel import Identity, canonical_bytes
from syncropel_kernel.app import app

from .serving import Server, record, serving

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--window-size=1400,1000",
)  # fmt: skip
EVIL = "<img src=x onerror=document.title='broken-in'>"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
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
    driver.implicitly_wait(15)
    try:
        yield driver
    finally:
        driver.quit()


def one(browser: Any, selector: str) -> Any:
    return browser.find_element("css selector", selector)


def every(browser: Any, selector: str) -> list[str]:
    return [each.text for each in browser.find_elements("css selector", selector)]


def eventually(browser: Any, holds: Any) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, 20).until(lambda _: holds())


def test_the_page_needs_nothing_else(server: Server) -> None:
    """No address of anybody else's in any of its files, and a policy that would stop one."""
    with server.http() as http:
        for path in ("/", "/page.css", "/page.js"):
            answer = http.get(path)
            assert answer.status_code == 200
            assert "http:" not in answer.text
            assert "https:" not in answer.text
            assert "innerHTML" not in answer.text
            assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_person_looks_around(server: Server, browser: Any) -> None:
    """Threads, a thread's records, one record with parents, refs, signature; live, and as text."""
    me = Identity.key(b"\x02" * 32)
    with server.http() as http:

        def store(clock: int, **changes: Any) -> dict:
            made = record(clock, thread="page", data_type="SCALAR", parents=[], actor=me.actor_did)
            made.update(changes)
            signed = {**made, "signature": me.signature(canonical_bytes(made))}
            answer = http.post("/v1/records", json=signed)
            assert answer.status_code == 201, answer.text
            return answer.json()

        first = store(0, body={"kind": "a.b.first", "text": EVIL})
        http.post("/v1/records", json=record(1, thread=EVIL))
        ref = {"kind": "@music.track", "id": "isrc:1"}
        second = store(1, body={"kind": "a.b.c", "_refs": [ref]}, parents=[first["id"]])

        browser.get(server.url)
        one(browser, "html[data-ready=yes]")
        assert {"page", EVIL} <= set(every(browser, "#threads .name"))
        one(browser, "#threads a[href='#/thread/page']").click()
        eventually(browser, lambda: len(every(browser, "#records li")) == 2)
        assert EVIL in every(browser, "#records .text")[0]
        one(browser, f"#records li[data-id='{second['id']}'] a").click()
        assert one(browser, "#record h2").text == "a.b.c"
        assert every(browser, "#record .ref") == ["@music.track isrc:1"]
        assert f"signed by {me.actor_did}" in one(browser, "#record dl").text

        third = store(2, body={"kind": "a.b.live"})
        one(browser, f"#records li[data-id='{third['id']}'].new")
        assert one(browser, "#state").text == "live"

        one(browser, "#record a.parent").click()
        eventually(browser, lambda: one(browser, "#record h2").text == "a.b.first")
        assert EVIL in one(browser, "#record pre").text
        assert browser.title == "Syncropel"
        assert [each for each in browser.get_log("browser") if each["level"] == "SEVERE"] == []


def test_a_key_opens_the_page(browser: Any, db: Path) -> None:
    """Where keys are asked for, the page asks for one, and then shows and follows threads."""
    made = CliRunner().invoke(app, ["keys", "create", "*", "--db", str(db)]).stdout.strip()
    with serving(db, "--auth") as server, server.http(headers={"x-api-key": made}) as http:
        http.post("/v1/records", json=record(1, thread="secret"))
        browser.get(server.url)
        eventually(browser, lambda: one(browser, "#door").is_displayed())
        one(browser, "#key").send_keys(made)
        one(browser, "#door button").click()
        eventually(browser, lambda: every(browser, "#threads .name") == ["secret"])
        one(browser, "#threads a").click()
        eventually(browser, lambda: len(every(browser, "#records li")) == 1)
        http.post("/v1/records", json=record(2, thread="secret"))
        eventually(browser, lambda: len(every(browser, "#records li")) == 2)
