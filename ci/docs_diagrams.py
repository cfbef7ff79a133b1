"""docs_diagrams.py SITE CHROMIUM: a browser draws every diagram of the documents' site, and asks no other host for anything."""

import functools
import http.server
import sys
import threading
from pathlib import Path

from playwright.sync_api import TimeoutError, sync_playwright

SOURCE = '<pre class="mermaid">'
SECONDS = 60


class Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def main(site, chromium):
    texts = {path.relative_to(site): path.read_text() for path in sorted(Path(site).rglob("*.html"))}
    pages = {path: text.count(SOURCE) for path, text in texts.items() if SOURCE in text}
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Silent, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = f"http://127.0.0.1:{server.server_port}/"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for path, diagrams in pages.items():
            page = browser.new_page()
            elsewhere, errors = [], []
            page.on("request", lambda request: request.url.startswith((here, "data:")) or elsewhere.append(request.url))
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.goto(f"{here}{path}")
            # Material puts a picture in the text's place; where the text is wrong, the text stays.
            try:
                page.wait_for_function(f"document.querySelectorAll('div.mermaid').length == {diagrams}", timeout=SECONDS * 1000)
            except TimeoutError:
                sys.exit(f"{path}: not all of its {diagrams} diagrams are drawn; asked elsewhere: {elsewhere}; errors: {errors}")
            heights = page.eval_on_selector_all("div.mermaid", "all => all.map(one => one.getBoundingClientRect().height)")
            if elsewhere or errors or min(heights) < 50:
                sys.exit(f"{path}: {elsewhere or errors or heights}")
        browser.close()
    server.shutdown()
    print(f"{sum(pages.values())} diagrams on {len(pages)} pages are drawn")
    return not pages


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
