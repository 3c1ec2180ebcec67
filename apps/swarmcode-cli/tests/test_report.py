"""The page about a project: true to its records, and readable in a browser without a network."""

import re
import shutil
from pathlib import Path

import pytest

from swarmcode_cli.checking import Finding
from swarmcode_cli.project import Dataset, Evaluation, HeldOut, Rates, open_project
from swarmcode_cli.render.report import page

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--window-size=1200,1600",
)  # fmt: skip


@pytest.fixture
def text(tmp_path: Path) -> str:
    """A page with every part, about a project whose name is meant to break it."""
    project = open_project(tmp_path / "data", name="<script>alert(1)</script>", thread="th_1")
    project.datasets["d"] = Dataset(
        path="data/training.jsonl", digest="sha256:dd", eval_path="data/eval.jsonl",
        eval_digest="sha256:ee", examples=9, eval_examples=3, planted=2, snapshot="sha256:ss",
    )  # fmt: skip
    project.evaluations["e"] = Evaluation(
        path="artifacts/eval/evaluation.html", digest="sha256:ff", adapter="sha256:aa",
        dataset="sha256:ee", examples=4, pass_rate=0.25, patch_apply_rate=0.5, baselines_hold=True,
        subjects={
            "oracle": Rates(solved=4, applied=4, examples=4),
            "empty": Rates(solved=0, applied=4, examples=4),
            "model": Rates(solved=1, applied=2, examples=4),
        },
        measured={},
    )  # fmt: skip
    project.current.synth, project.current.eval = "d", "e"
    losses = HeldOut(
        adapter="sha256:other", dataset="sha256:ee", rows=3, base_loss=2.0, adapter_loss=1.0,
        difference=-1.0, low=-1.2, high=-0.8,
    )  # fmt: skip
    project.losses["l"] = losses
    project.commit()
    findings = [Finding("trail", holds=True, detail="2 records"), Finding("rows", False, "& gone")]
    return page(project, findings, notice="It cannot program & says so.")


def test_the_page_needs_nothing_and_runs_nothing(text: str) -> None:
    """No script, no address; what a project is called cannot become markup."""
    assert "<script" not in text
    assert "http" not in text
    assert "&lt;script&gt;" in text
    assert "&amp; gone" in text


def test_losses_of_another_adapter_are_not_shown(text: str) -> None:
    """The page is about the newest adapter, and says nothing of an older one's figures."""
    assert "held out" not in text


def test_a_person_reads_it(text: str, tmp_path: Path) -> None:
    """In a browser: every part is there, no error is logged, and nothing overflows sideways."""
    if shutil.which("chromium") is None or shutil.which("chromedriver") is None:
        pytest.skip("needs the system package chromium: apt-get install chromium chromium-driver")
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By

    (tmp_path / "report.html").write_text(text)
    options = Options()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
    try:
        driver.get((tmp_path / "report.html").as_uri())
        heads = [head.text for head in driver.find_elements(By.TAG_NAME, "h2")]
        assert heads == ["What was made", "How it did", "Whether it holds", "Paper trail"]
        assert "cannot program" in driver.find_element(By.TAG_NAME, "aside").text
        row = driver.find_element(By.XPATH, "//tr[td[text()='the agent']]").text
        assert "1 of 4" in row
        assert "2 of 4" in row
        wide = "return document.documentElement.scrollWidth - window.innerWidth"
        for width in (1200, 400):
            driver.set_window_size(width, 900)
            assert driver.execute_script(wide) <= 0
        assert driver.get_log("browser") == []
        assert driver.get_screenshot_as_png().startswith(b"\x89PNG")
    finally:
        driver.quit()


def test_the_command_writes_it(swarmcode, folder: Path) -> None:
    """`report` writes the page of the project as it is."""
    assert swarmcode("ingest", "--quiet").code == 0
    answer = swarmcode("report", "--json")
    written = (folder / answer.data["path"]).read_text()
    assert re.search(r"ingest</td><td>\d+ files", written)
    assert "not done" in written
