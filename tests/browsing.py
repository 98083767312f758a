"""A real browser and a real JupyterLab, for the tests that need them."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

TOKEN = "made-for-a-test"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--no-first-run"]

# What the menu entries Run > Run All Cells and File > Save do; the promise is kept when the last cell has run.
RUN_ALL_AND_SAVE = """async () => {
  const app = window.jupyterapp, panel = app.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
  await app.commands.execute('runmenu:run-all');
  await panel.context.save();
  const cells = panel.content.model.sharedModel.cells.filter(cell => cell.cell_type === 'code');
  return cells.map(cell => ({count: cell.execution_count, outputs: cell.outputs}));
}"""


def pages_of(reports: Path, which: str = "every page") -> list[Path]:
    """Return every page, or one for those that are made alike: of a study."""
    pages = sorted(reports.glob("*.html"))
    if which == "one of a kind":
        pages = list({re.sub(r"^study-.*", "study", page.stem): page for page in pages}.values())
    return pages


@contextlib.contextmanager
def chromium() -> Iterator:
    """Yield Debian's Chromium; without it the test is skipped, or fails where a browser is asked for."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        reason = "no Chromium for the pages and JupyterLab: install the package chromium, then make test"
        if os.environ.get("EVIDENCE_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield opened
        opened.close()


@contextlib.contextmanager
def jupyterlab(root: Path, home: Path) -> Iterator[str]:
    """Yield the address of JupyterLab in a project, without the settings of whoever runs the tests."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {"HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "config"), "JUPYTER_DATA_DIR": str(home / "data"),
           "JUPYTER_RUNTIME_DIR": str(home / "runtime"), "IPYTHONDIR": str(home / "ipython")}  # fmt: skip
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
               f"--IdentityProvider.token={TOKEN}", "--ServerApp.port_retries=0", "--expose-app-in-browser"]  # fmt: skip
    with (home / "lab.log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=root, env=os.environ | own, stdout=log, stderr=subprocess.STDOUT
        )
        address = f"http://127.0.0.1:{port}"
        try:
            for _ in range(240):
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"{address}/api", timeout=2)
                    break
                assert server.poll() is None, (home / "lab.log").read_text()[-2000:]
                time.sleep(0.5)
            yield address
        finally:
            server.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(timeout=60)
            server.kill()  # does nothing to a server that has ended


def open_notebook(browser, address: str, name: str):
    """Return a page in which JupyterLab shows a notebook."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(180_000)
    page.goto(f"{address}/lab/tree/notebooks/{name}.ipynb?token={TOKEN}&reset")
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.context?.path?.endsWith('.ipynb')")
    return page
