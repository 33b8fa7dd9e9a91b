"""The page that is installed is the one that its sources make, and it is small."""

import gzip
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from skal.annotate.server.openapi import make_openapi
from skal.annotate.server.static import FOLDER, INDEX, find_problems

WEB = FOLDER.parent / "web"
MOST_BYTES = 300_000  # of scripts and styles, compressed
SCHEMA = WEB / "src" / "shared" / "api"


def needs_node():
    if shutil.which("node") is None:
        pytest.skip("Node is not installed: the page is not built again")
    if not (WEB / "node_modules").is_dir():
        pytest.skip(f"the libraries of the page are not installed: run `npm ci` in {WEB}")


def run_node(*command):
    environment = {**os.environ, "CI": "1", "NO_COLOR": "1"}
    done = subprocess.run(
        ["node", *command], cwd=WEB, capture_output=True, text=True, env=environment, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr


def content_of(folder):
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_page_is_whole():
    assert find_problems() == []


def test_the_page_is_what_its_sources_make(tmp_path):
    needs_node()
    run_node("node_modules/vite/bin/vite.js", "build", "--outDir", str(tmp_path / "built"))
    assert content_of(tmp_path / "built") == content_of(FOLDER)


def test_what_is_loaded_at_first_is_small():
    loaded = [path for path in FOLDER.rglob("*") if path.suffix in (".js", ".css", ".html")]
    assert sum(len(gzip.compress(path.read_bytes())) for path in loaded) < MOST_BYTES


def test_the_page_holds_no_script_or_style_of_its_own_and_no_other_host():
    page = (FOLDER / INDEX).read_text(encoding="utf-8")
    assert not re.search(r"<style|style=|<script(?![^>]*\bsrc=)|\bon\w+=|https?://", page)


def test_styles_load_nothing_from_elsewhere():
    for path in FOLDER.rglob("*.css"):
        assert not re.search(r"@import|url\((?!data:)", path.read_text(encoding="utf-8")), path


def test_types_are_made_of_the_interface_of_the_server():
    known = json.loads((SCHEMA / "openapi.json").read_text(encoding="utf-8"))
    made = json.loads(json.dumps(make_openapi()))
    known["info"]["version"] = made["info"]["version"]
    assert known == made, "run `npm run types` in skal/annotate/web"


def test_the_sources_of_the_page_keep_their_own_tests():
    needs_node()
    run_node("node_modules/typescript/bin/tsc", "--noEmit")
    run_node("node_modules/vitest/vitest.mjs", "run")
