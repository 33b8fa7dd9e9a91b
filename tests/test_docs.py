"""What the documents say: code runs, names are listed, links lead somewhere."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import skal

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FAMILIES = sorted((ROOT / "docs" / "strategies").glob("*.md"))


def public_modules():
    for module in pkgutil.walk_packages(skal.__path__, "skal."):
        if not any(part.startswith("_") for part in module.name.split(".")):
            yield importlib.import_module(module.name)


def test_the_page_of_the_readme_runs(capsys):
    run_code(ROOT / "README.md")
    assert "learner__query_strategy__share" in capsys.readouterr().out


def run_code(page):
    for code in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL):
        exec(compile(code, str(page), "exec"), {})


def test_the_code_on_segmenters_runs():
    section = (ROOT / "docs" / "nets.md").read_text().split("## Segmenters")[1].split("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    exec(compile(code, "nets.md", "exec"), {})


@pytest.mark.parametrize("page", FAMILIES, ids=lambda page: page.stem)
def test_the_pages_of_the_strategies_run(page, capsys):
    run_code(page)


@pytest.mark.parametrize("module", [skal, *public_modules()], ids=lambda module: module.__name__)
def test_every_public_name_is_on_the_api_page(module):
    page = (ROOT / "docs" / "api.md").read_text()
    missing = [name for name in getattr(module, "__all__", ()) if f"`{name}`" not in page]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page):
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    assert [t for t in targets if not (page.parent / t).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_holds_both_sides_of_a_merge(page):
    assert not re.search(r"^(<{7}|>{7}) ", page.read_text(), re.MULTILINE)


def test_the_readme_table_lists_every_strategy():
    from skal.query.checks import all_strategies

    readme = (ROOT / "README.md").read_text()
    assert [s for s in all_strategies() if f"| `{type(s).__name__}`" not in readme] == []


def test_every_strategy_is_on_the_page_of_its_family():
    from skal.query.checks import all_strategies

    text = "".join(page.read_text() for page in FAMILIES)
    assert [s for s in all_strategies() if f"`{type(s).__name__}`" not in text] == []
