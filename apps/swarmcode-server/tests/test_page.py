"""The page in a real browser: asked by keyboard, watched like a person would."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from swarmcode_server import add_key

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
needs_browser = pytest.mark.skipif(
    not (CHROMIUM and DRIVER),
    reason="needs the system package chromium-driver: apt-get install chromium-driver",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=str(DRIVER))
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


@pytest.fixture
def site(tmp_path: Path, recorded: Callable, recorded_server: Callable) -> Iterator[Any]:
    project = tmp_path / "project"
    project.mkdir()
    (project / "add.py").write_text("def add(a, b):\n    return a - b\n")
    keys = tmp_path / "keys.json"
    token = add_key(keys, "ann", tools=True)
    source = recorded(name="tiny-coder")
    with recorded_server(source, keys_file=keys, workspace_dir=project) as server:
        server.token, server.source = token, source
        yield server


def wait(browser: webdriver.Chrome, holds: Callable[[], object]) -> None:
    WebDriverWait(browser, 20, poll_frequency=0.05).until(lambda _: holds())


def open_page(browser: webdriver.Chrome, site: Any) -> None:
    browser.get(site.url)
    key = browser.find_element(By.ID, "key")
    key.send_keys(site.token, Keys.TAB)
    wait(browser, lambda: Select(browser.find_element(By.ID, "model")).options)


def status(browser: webdriver.Chrome) -> str:
    return browser.find_element(By.ID, "status").text


def send(browser: webdriver.Chrome, text: str) -> None:
    browser.find_element(By.ID, "question").send_keys(text, Keys.ENTER)


@needs_browser
def test_a_conversation_by_keyboard(browser: webdriver.Chrome, site: Any) -> None:
    """The answer streams in as text, and its speed is told."""
    open_page(browser, site)
    chosen = Select(browser.find_element(By.ID, "model")).first_selected_option
    assert chosen.text == "tiny-coder"
    send(browser, "say: <b>bold</b> & <script>document.title = 'broken'</script>")
    wait(browser, lambda: status(browser).startswith("Done"))
    assert "tokens/s" in status(browser)
    log = browser.find_element(By.ID, "log")
    shown = log.find_element(By.CSS_SELECTOR, "article.assistant .text").text
    assert shown == "<b>bold</b> & <script>document.title = 'broken'</script>"
    assert browser.title == "SwarmCode", "what a model writes is never markup"
    assert browser.switch_to.active_element.get_attribute("id") == "question"
    severe = [line for line in browser.get_log("browser") if line["level"] == "SEVERE"]
    assert [line for line in severe if "401" not in line["message"]] == []


@needs_browser
def test_escape_stops_the_answer(browser: webdriver.Chrome, site: Any) -> None:
    """And the model with it."""
    open_page(browser, site)
    site.source.delay = 0.05
    send(browser, "say: " + "word " * 300)
    wait(browser, lambda: "Answering" in status(browser))
    browser.find_element(By.ID, "question").send_keys(Keys.ESCAPE)
    wait(browser, lambda: status(browser) == "Stopped.")
    wait(browser, lambda: site.source.running == 0)


@needs_browser
def test_tool_calls_and_patches_are_shown(browser: webdriver.Chrome, site: Any) -> None:
    """Each call with its result; a patch as added and removed lines."""
    patch = (
        "--- a/add.py\n+++ b/add.py\n@@ -1,2 +1,2 @@\n def add(a, b):\n"
        "-    return a - b\n+    return a + b\n"
    )
    call = json.dumps({"name": "apply_patch", "arguments": {"patch": patch}})
    site.source.answers["fix"] = f"<tool_call>\n{call}\n</tool_call>"
    site.source.answers["modify: add.py"] = "Fixed."
    open_page(browser, site)
    browser.find_element(By.ID, "tools").send_keys(Keys.SPACE)
    send(browser, "fix")
    wait(browser, lambda: status(browser).startswith(("Done", "Failed")))
    log = browser.find_element(By.ID, "log")
    assert log.find_element(By.CSS_SELECTOR, "details summary").text == "apply_patch: done"
    assert "return a + b" in log.find_element(By.CSS_SELECTOR, "pre .added").text
    assert "return a - b" in log.find_element(By.CSS_SELECTOR, "pre .removed").text
    assert "Fixed." in log.text


@needs_browser
def test_an_error_is_told(browser: webdriver.Chrome, site: Any) -> None:
    """In words, in the log and in the status line."""
    open_page(browser, site)
    key = browser.find_element(By.ID, "key")
    key.clear()
    key.send_keys("wrong", Keys.TAB)
    wait(browser, lambda: "not known" in status(browser))
    send(browser, "say: hi")
    wait(browser, lambda: status(browser).startswith("Failed"))
    assert "not known" in browser.find_element(By.CSS_SELECTOR, "article.error").text


@needs_browser
def test_every_control_has_a_name(browser: webdriver.Chrome, site: Any) -> None:
    """A screen reader can say what each is, and each is reached by Tab."""
    open_page(browser, site)
    controls = browser.find_elements(By.CSS_SELECTOR, "select, input, textarea, button")
    names = [control.accessible_name for control in controls]
    assert all(names), names
    assert browser.find_element(By.ID, "log").aria_role == "log"
    seen = set()
    browser.find_element(By.CSS_SELECTOR, "a.skip").send_keys(Keys.TAB)
    for _ in range(12):
        active = browser.switch_to.active_element
        seen.add(active.get_attribute("id"))
        active.send_keys(Keys.TAB)
    assert {"model", "key", "tools", "log", "question", "send", "clear"} <= seen


def test_the_page_loads_nothing_of_others(http: httpx.Client) -> None:
    """No address of another host, no inline code, and a policy that would forbid both."""
    for path in ("/", "/page.js", "/page.css"):
        answer = http.get(path)
        assert answer.status_code == 200
        assert "http://" not in answer.text
        assert "https://" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "innerHTML" not in http.get("/page.js").text
    assert "<script>" not in http.get("/").text
