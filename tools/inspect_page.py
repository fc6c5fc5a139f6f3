#!/usr/bin/env python3
"""Opens a page in a headless browser without a network, and prints as JSON what the browser made of
it.

The browser is driven through its DevTools protocol over a pipe, so nothing but Python and Chromium
is needed (Debian: chromium-headless-shell). Keys: title; sections (texts of h1 and h2); tables
(rows of each body); figures and the sizes of all svg elements as laid out; ids that are not unique;
elements that could run or load something; requests other than the page itself; failures of loading;
messages of the console and exceptions; overflow (pixels by which the page is wider than its
window); contrast of text with its ground in light and dark; pages when printed. """
import argparse
import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import time

BROWSERS = ["chromium-headless-shell", "chromium-shell", "chromium", "google-chrome", "chrome"]

MEASURE = r"""(() => {
  const all = selector => [...document.querySelectorAll(selector)];
  const counts = {};
  for (const element of all('[id]')) counts[element.id] = (counts[element.id] || 0) + 1;
  return {
    title: document.title,
    sections: all('h1, h2').map(element => element.textContent),
    tables: all('table').map(table => table.tBodies[0].rows.length),
    figures: all('figure').length,
    svgs: all('svg').map(svg => {
      const box = svg.getBoundingClientRect();
      return {width: box.width, height: box.height, paths: svg.querySelectorAll('path, use').length,
              label: svg.getAttribute('aria-label')};
    }),
    repeated_ids: Object.keys(counts).filter(id => counts[id] > 1),
    dangling: all('svg use')
      .filter(use => !document.getElementById(use.href.baseVal.slice(1))).length,
    active: all('script, iframe, object, embed, link, img, form, base').length
      + all('*').filter(element =>
        [...element.attributes].some(a => /^on|^javascript:/i.test(a.name))).length,
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    text: document.body.innerText,
  };
})()"""

CONTRAST = r"""(() => {
  const luminance = colour => {
    const parts = colour.match(/[\d.]+/g).slice(0, 3).map(part => {
      const value = part / 255;
      return value <= 0.03928 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4);
    });
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/, 0\)$|transparent/.test(colour)) return luminance(colour);
    }
    return 1;
  };
  let least = Infinity;
  for (const element of document.querySelectorAll('h1, h2, h3, p, li, pre, caption, th, td')) {
    const [text, back] = [luminance(getComputedStyle(element).color), ground(element)];
    least = Math.min(least, (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05));
  }
  return {least, ground: ground(document.body)};
})()"""


class Browser:
    """A headless Chromium at the other end of two pipes."""

    def __init__(self, executable, folder, deadline):
        to_read, self.writing = os.pipe()
        self.reading, to_write = os.pipe()

        def place():
            # The browser reads from descriptor 3 and writes to 4.
            os.dup2(to_read, 10)
            os.dup2(to_write, 11)
            os.dup2(10, 3)
            os.dup2(11, 4)

        options = [
            "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
            "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9",
            "--user-data-dir=" + folder,
        ]
        self.log = open(os.path.join(folder, "browser.log"), "wb")
        self.process = subprocess.Popen(
            [executable, *options, "about:blank"], preexec_fn=place, close_fds=False, stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=self.log)
        os.close(to_read)
        os.close(to_write)
        self.deadline = deadline
        self.buffer = b""
        self.number = 0
        self.session = None
        self.events = []

    def message(self):
        """The next message; ends the program where none comes in time."""
        while b"\0" not in self.buffer:
            left = self.deadline - time.monotonic()
            if left <= 0 or not select.select([self.reading], [], [], left)[0]:
                sys.exit("expected an answer of the browser in time, found none")
            piece = os.read(self.reading, 1 << 16)
            if not piece:
                self.log.flush()
                said = pathlib.Path(self.log.name).read_text(errors="replace")[-2000:]
                sys.exit(f"expected a running browser, found that it ended: {said}")
            self.buffer += piece
        first, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(first)

    def call(self, method, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.writing, json.dumps(request).encode() + b"\0")
        while True:
            answer = self.message()
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.message())

    def value(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            sys.exit(f"{answer['exceptionDetails']}")
        return answer["result"]["value"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page")
    parser.add_argument("--screenshot", metavar="FILE.png", help="the whole page, in light colours")
    parser.add_argument("--dark-screenshot", metavar="FILE.png", help="the whole page, in dark colours")
    parser.add_argument("--print", metavar="FILE.pdf", help="the page as it is printed")
    parser.add_argument("--width", type=int, default=1200, help="of the window, in pixels")
    parser.add_argument("--timeout", type=float, default=120, help="seconds")
    options = parser.parse_args()
    executable = next((path for path in map(shutil.which, BROWSERS) if path), None)
    if executable is None:
        sys.exit(f"expected one of {', '.join(BROWSERS)} on PATH, found none (Debian: apt-get install chromium-headless-shell)")
    address = pathlib.Path(options.page).resolve(strict=True).as_uri()

    with tempfile.TemporaryDirectory(prefix="tombola-page-", ignore_cleanup_errors=True) as folder:
        browser = Browser(executable, folder, time.monotonic() + options.timeout)
        try:
            target = browser.call("Target.createTarget", url="about:blank")["targetId"]
            browser.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ["Page", "Network", "Log", "Runtime"]:
                browser.call(f"{domain}.enable")
            browser.call(
                "Emulation.setDeviceMetricsOverride", width=options.width, height=900, deviceScaleFactor=1, mobile=False)
            scheme = lambda value: browser.call(
                "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": value}])
            scheme("light")
            browser.call("Page.navigate", url=address)
            browser.wait("Page.loadEventFired")
            found = browser.value(MEASURE)
            found["light"] = browser.value(CONTRAST)

            def picture(path):
                if path:
                    data = browser.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
                    pathlib.Path(path).write_bytes(base64.b64decode(data))

            picture(options.screenshot)
            scheme("dark")
            found["dark"] = browser.value(CONTRAST)
            picture(options.dark_screenshot)
            scheme("light")
            if getattr(options, "print"):
                data = base64.b64decode(browser.call("Page.printToPDF", printBackground=True)["data"])
                pathlib.Path(getattr(options, "print")).write_bytes(data)
        finally:
            browser.process.kill()
            browser.process.wait()

    parameters = lambda method: [event["params"] for event in browser.events if event.get("method") == method]
    requests = [event["request"]["url"] for event in parameters("Network.requestWillBeSent")]
    found["requests"] = [url for url in requests if url != address]
    found["loaded"] = len([event for event in parameters("Network.loadingFinished")])
    found["failures"] = [event.get("errorText", "") for event in parameters("Network.loadingFailed")]
    found["console"] = (
        [event["entry"]["text"] for event in parameters("Log.entryAdded")]
        + [str(event["args"]) for event in parameters("Runtime.consoleAPICalled")]
        + [event["exceptionDetails"]["text"] for event in parameters("Runtime.exceptionThrown")])
    json.dump(found, sys.stdout, indent=1, sort_keys=True)
    print()


if __name__ == "__main__":
    main()
