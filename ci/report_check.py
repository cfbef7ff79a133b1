"""Looks at the run page as people do, in a headless Chromium: see report_check.sh."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

ROOT, CHROMIUM, WORK = (pathlib.Path(argument) for argument in sys.argv[1:4])
COMMAND = ROOT / "bin" / "spark-lora"
KEEP = os.environ.get("REPORT_CHECK_KEEP")
MARKUP = '<img src=x onerror="window.hacked = 1">'
STEPS = 40
ROWS = 32  # completions a step
PATIENCE_MILLIS = 60_000
started = []


def start(log, *arguments):
    with open(WORK / log, "w") as out:
        started.append(
            subprocess.Popen(
                [COMMAND, *arguments],
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=WORK,
                # a shell in the background ignores it, and so would all that it starts
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        )
    return started[-1]


def train():
    return start(
        "train.log", "grpo",
        "--config", ROOT / "conf/quickstart/grpo.yaml", "--use_peft",
        "--model_name_or_path", ROOT / "conf/quickstart/base",
        "--dataset_name", WORK / "train.jsonl", "--output_dir", WORK / "run",
        "--per_device_train_batch_size", str(ROWS), "--max_steps", str(STEPS), "--logging_steps", "1",
        "--log_completions", "--num_completions_to_print", "1",
    )  # fmt: skip


def wait_for(what, found):
    end = time.time() + PATIENCE_MILLIS / 1000
    while not (value := found()):
        assert time.time() < end, f"{what} did not come"
        time.sleep(0.1)
    return value


def logged_steps():
    log = WORK / "run" / "metrics.jsonl"
    return log.read_text().count("\n") if log.exists() else 0


def address():
    match = re.search(r"http://127\.0\.0\.1:\d+/", (WORK / "live.log").read_text())
    return match and match.group()


class Watched:
    """A page whose console must stay silent and which must ask for nothing outside of loopback."""

    def __init__(self, browser, **more):
        self.page = browser.new_page(viewport={"width": 1360, "height": 900}, **more)
        self.page.set_default_timeout(PATIENCE_MILLIS)
        self.faults = []
        self.page.on("console", lambda message: self.log(message))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", lambda request: self.asked(request.url))

    def log(self, message):
        if message.type in ("error", "warning"):
            self.faults.append(message.text)

    def asked(self, url):
        if not re.match(r"(http://127\.0\.0\.1:\d+/|file:|data:)", url):
            self.faults.append(f"asked for {url}")

    def verify(self):
        assert not self.faults, self.faults
        assert self.page.evaluate("window.hacked") is None
        self.faults.clear()


def step(page):
    shown = page.locator("#progress").inner_text()
    return int(re.sub(r"\D", "", shown) or 0)


def accessible(page):
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def zoom(page):
    reset = page.locator("#reset")
    plot = page.locator(".u-over").first
    box = plot.bounding_box()
    middle = box["y"] + box["height"] / 2
    expect(reset).to_be_disabled()
    page.mouse.move(box["x"] + box["width"] * 0.25, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, middle, steps=5)
    page.mouse.up()
    expect(reset).to_be_enabled()
    page.mouse.dblclick(box["x"] + box["width"] * 0.4, middle)
    expect(reset).to_be_disabled()
    page.locator(".plot").nth(1).focus()
    page.keyboard.press("+")
    expect(reset).to_be_enabled()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#reading")).to_contain_text(re.compile(r"step \d+: .*\d"))
    page.keyboard.press("0")
    expect(reset).to_be_disabled()


def filter_completions(page):
    def said():
        return set(page.locator(".verdict").all_inner_texts())

    count = page.locator("#count")
    expect(count).to_contain_text("completions, the latest first")
    wrong = page.get_by_label("Verdict", exact=True)
    wrong.select_option("wrong")
    expect(count).to_contain_text("that match")
    assert said() == {"wrong"}, said()
    wrong.select_option("")
    page.get_by_label("Step", exact=True).fill("1")
    expect(count).to_contain_text(f"1–25 of {ROWS} that match")
    page.get_by_role("button", name="Older").click()
    expect(count).to_contain_text(f"26–{min(50, ROWS)} of {ROWS} that match")
    page.get_by_label("Step", exact=True).fill("")
    page.get_by_label("Text", exact=True).fill("no completion says this")
    expect(count).to_contain_text("None of")
    page.get_by_label("Text", exact=True).fill("")
    expect(count).to_contain_text("1–25")
    first = page.locator("details").first
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(first.locator("pre").last).to_be_visible()
    page.keyboard.press("Enter")
    expect(first.locator("pre").last).to_be_hidden()


def change_theme(page):
    def ground():
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    light = ground()
    page.get_by_role("button", name="Dark theme").click()
    assert ground() != light
    accessible(page)
    page.reload()
    assert ground() != light, "the choice is forgotten"
    picture(page, "dark")
    page.get_by_role("button", name="Light theme").click()
    assert ground() == light


def picture(page, name):
    if KEEP:
        page.wait_for_selector(".u-over")
        page.wait_for_timeout(500)
        page.screenshot(path=f"{KEEP}/report-{name}.png", full_page=True)


def tab_through(page):
    """Every control is reached in the order in which it is seen, and one sees where one is."""
    page.reload()
    expect(page.locator("#count")).to_contain_text("1–25")
    wanted = page.locator("a:visible, button:enabled:visible, input:visible, select:visible, summary:visible, [tabindex='0']:visible")  # fmt: skip
    reached = []
    for _ in range(wanted.count()):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "(() => { const at = document.activeElement; const { outlineStyle, outlineWidth } = getComputedStyle(at);"
                " return [at.id || at.className || at.tagName, outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2]; })()"
            )
        )
    assert all(visible for _, visible in reached), [name for name, visible in reached if not visible]
    names = [name for name, _ in reached]
    for control in ("skip", "theme", "window", "plot", "older", "outcome-table"):
        assert control in names, f"{control} is not reached: {names}"


def escapes(page):
    """Markup of a completion is text: the server's answer is replaced by one that holds some."""
    turns = [{"role": "", "content": MARKUP}]
    row = {"step": 1, "prompt": turns, "completion": turns, "rewards": {}, "advantage": None}
    body = json.dumps({"matching": 1, "more": False, "rows": [row]})
    page.route("**/completions?*", lambda route: route.fulfill(body=body, content_type="application/json"))  # fmt: skip
    page.get_by_label("Text", exact=True).fill("x")
    expect(page.locator("summary .answer").first).to_have_text(MARKUP)
    page.unroute("**/completions?*")
    page.get_by_label("Text", exact=True).fill("")
    expect(page.locator("#count")).to_contain_text("1–25")


def refused(url):
    request = urllib.request.Request(url, headers={"Host": "example.org"})
    try:
        urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        return error.code == 403
    return False


def look_while_it_runs(browser):
    run = train()
    wait_for("the first step", lambda: logged_steps() > 1 or run.poll() is not None and sys.exit(1))
    server = start("live.log", "report", WORK / "run", "--live", "--labels", MARKUP)
    url = wait_for("the address", address)
    watched = Watched(browser, color_scheme="light")
    page = watched.page
    page.goto(url)
    expect(page.locator("h1")).to_have_text(MARKUP)
    expect(page.locator("#state")).to_have_text("Live")
    before, label = step(page), page.locator(".plot").first.get_attribute("aria-label")
    page.evaluate("window.sameDocument = true")
    wait_for("new points", lambda: step(page) > before + 2)
    expect(page.locator(".plot").first).not_to_have_attribute("aria-label", label)  # drawn after the step is shown
    assert page.evaluate("window.sameDocument"), "the page was loaded again"
    print(f"ok      new points came while the run went on: step {before}, then {step(page)} of {STEPS}")
    zoom(page)
    print("ok      curves zoom, move along and are read, by mouse and by keyboard")
    assert run.wait(timeout=120) == 0
    expect(page.locator("#state")).to_have_text("Finished")
    assert step(page) == STEPS
    page.reload()
    filter_completions(page)
    escapes(page)
    print("ok      completions are filtered, and markup in them is text")
    accessible(page)
    picture(page, "light")
    change_theme(page)
    tab_through(page)
    print("ok      both themes; axe finds nothing; every control is reached by keyboard")
    assert refused(url)
    watched.verify()
    server.send_signal(signal.SIGINT)
    assert server.wait(timeout=20) == 130
    expect(page.locator("#state")).to_have_text("Connection lost, trying again")
    print("ok      other hosts are refused; Ctrl-C ends it, and the page says so")
    page.close()


def choose_a_run_that_begins_later(browser):
    """A run whose first completions come while the page is open can be chosen like the others."""
    later = WORK / "later"
    later.mkdir()
    shutil.copy(WORK / "run" / "metrics.jsonl", later)
    server = start("live.log", "report", WORK / "run", later, "--live")
    watched = Watched(browser, color_scheme="light")
    page = watched.page
    page.goto(wait_for("the address", address))
    runs = page.get_by_label("Run", exact=True).locator("option")
    expect(runs).to_have_text(["run"])
    shutil.copytree(WORK / "run" / "completions", later / "completions")
    expect(runs).to_have_text(["run", "later"])
    watched.verify()
    page.close()
    server.send_signal(signal.SIGINT)
    assert server.wait(timeout=20) == 130
    print("ok      a run whose completions come later can be chosen")


def look_at_the_file(browser):
    arguments = [COMMAND, "report", WORK / "run", "--output_dir", WORK / "report"]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    watched = Watched(browser, color_scheme="dark")
    page = watched.page
    page.goto((WORK / "report" / "report.html").as_uri())
    expect(page.locator("#state")).to_have_text("Finished")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    zoom(page)
    filter_completions(page)
    accessible(page)
    watched.verify()
    print("ok      the page as a file does the same")


def refuse_what_is_not_there():
    done = subprocess.run(
        [COMMAND, "report", WORK / "nowhere", "--live"], capture_output=True, text=True
    )
    assert done.returncode == 2 and "no such folder" in done.stderr, done
    assert not done.stdout, done
    print("ok      a run that is not there is refused before anything is served")


def main():
    try:
        expect.set_options(timeout=PATIENCE_MILLIS)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            look_while_it_runs(browser)
            choose_a_run_that_begins_later(browser)
            look_at_the_file(browser)
            browser.close()
        refuse_what_is_not_there()
    finally:
        for process in started:
            process.kill()


if __name__ == "__main__":
    main()
