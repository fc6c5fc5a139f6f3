"""Examples of the pages and of the package are run."""

import doctest
import os
from pathlib import Path

import tombola

ROOT = Path(__file__).resolve().parents[2]


def test_the_package_says_what_happens():
    assert doctest.testmod(tombola).failed == 0


def test_the_page_says_what_happens(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    page = (ROOT / "docs" / "python.md").read_text()
    parser = doctest.DocTestParser()
    test = parser.get_doctest(page.replace("```", ""), {}, "python.md", "docs/python.md", 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test)
    assert len(test.examples) > 10 and runner.failures == 0


def test_readme_runs(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    code = (ROOT / "README.md").read_text().split("```python\n")[1].split("```")[0]
    exec(code, {})
    error, figures = capsys.readouterr().out.splitlines()
    assert 0 < float(error) < 0.25
    largest, disagreements = figures.split(" ", 1)
    assert 0 < float(largest) < 1 and disagreements == "[]"
