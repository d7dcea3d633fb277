"""The example page in a headless Chromium: upload, ask, and see who answered, why, at what cost and where it stands."""

import re
import shutil
import threading

import pytest
import uvicorn

from experiments.apps.ask import with_page
from lcrag import Application, LaRARule, Routed
from lcrag.strategies import ChunkedRetrieval, LongContext
from lcrag.testing.world import TEXTS, WordEmbedder
from retrievers.bm25 import BM25Retriever
from retrievers.chunkers import RecursiveChunker

browsers = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")]
MILLISECONDS = 60_000  # for a busy machine


@pytest.fixture
def page(scripted, tmp_path):
    app = Application(
        Routed(LaRARule(), (ChunkedRetrieval(k=1), LongContext())), scripted(delay=0.1),
        retriever=BM25Retriever(RecursiveChunker(200, 0)), embedder=WordEmbedder(), keep=tmp_path / "kept",
    )  # fmt: skip
    config = uvicorn.Config(with_page(app), port=0, log_level="warning")
    socket = config.bind_socket()
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([socket],))
    thread.start()
    try:
        with browsers.sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1300, "height": 700})
            page.set_default_timeout(MILLISECONDS)
            page.problems = []
            page.on("pageerror", lambda error: page.problems.append(str(error)))
            page.on(
                "console", lambda m: page.problems.append(m.text) if "Content Security" in m.text else None
            )
            page.goto(f"http://127.0.0.1:{socket.getsockname()[1]}/")
            yield page
            browser.close()
    finally:
        server.should_exit = True
        thread.join()


def test_upload_ask_and_see_where_the_answer_stands(page, tmp_path):
    page.get_by_text("None yet: add some.").wait_for()
    (tmp_path / "north.md").write_text("🪁 <b>Kites</b> 🪁. " + TEXTS["north.md"])
    (tmp_path / "south.md").write_text(TEXTS["south.md"])
    page.set_input_files("#files", [tmp_path / "north.md", tmp_path / "south.md"])
    page.get_by_role("button", name="south.md", exact=True).wait_for()

    page.get_by_role("textbox").fill("When was Northwind founded?")
    page.get_by_role("button", name="Ask").click()
    mark = page.locator("mark")
    mark.wait_for()
    assert page.locator("#answer").inner_text() == "1987"
    assert "It was founded in 1987 in Bergen." in mark.inner_text()
    facts = page.locator("#facts").inner_text()
    assert re.search(r"Answered by\s+chunked_retrieval", facts) and re.search(r"Tokens\s+\d+ read", facts)
    shown = page.locator("#text").inner_text()
    assert "🪁 <b>Kites</b> 🪁" in shown and shown.count("founded") == 1
    assert page.evaluate("() => {const m = document.querySelector('mark').getBoundingClientRect(), "
                         "t = document.querySelector('#text').getBoundingClientRect(); "
                         "return m.top >= t.top && m.top < t.bottom}")  # fmt: skip
    page.screenshot(path=tmp_path / "page.png")

    page.get_by_label("Answer by").select_option("long_context")
    page.get_by_role("button", name="Ask").click()
    page.locator("#facts").get_by_text("long_context").wait_for()
    assert not page.locator("#cited-head").is_visible()  # it read everything

    page.get_by_role("button", name="Remove north.md").click()
    page.get_by_role("button", name="north.md", exact=True).wait_for(state="detached")
    page.get_by_role("textbox").fill("   ")
    page.get_by_role("button", name="Ask").click()
    page.get_by_text("Give a question").wait_for()
    assert page.problems == []
