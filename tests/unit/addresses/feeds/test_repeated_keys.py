"""A key that an object of JSON has twice: neither of its values is read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.forms import FORMS
from sim.addresses.feeds.inputs import Input
from sim.errors import DataError
from sim.files import RepeatedKeyError, parse_json
from sim.results.folder import read_manifest

CORPUS = Path(__file__).parents[3] / "fuzz" / "corpus"
_KEY = re.compile(r'(?<!\\)"(\w+)"\s*:')
GOOD = sorted(
    path
    for form in FORMS
    if form.is_json
    for path in (CORPUS / form.name).glob("good*")
    if _KEY.search(path.read_text())
)


@pytest.mark.parametrize("path", GOOD, ids=[f"{path.parent.name}-{path.name}" for path in GOOD])
def test_a_key_twice_is_refused_in_every_form_of_json(path: Path, tmp_path: Path):
    text = path.read_text()
    found = list(_KEY.finditer(text))
    twice = tmp_path / "twice"
    for key in (found[0], found[len(found) // 2], found[-1]):
        for value in ("null", '"203.0.113.99"'):
            twice.write_text(f"{text[: key.start()]}{key[0]} {value}, {text[key.start() :]}")
            with pytest.raises(DataError, match=f"expected each key once, got '{key[1]}' again"):
                read_feed(Input(twice, "twice"), allow_empty=True)


def test_each_object_has_its_own_keys_and_nothing_else_is_changed():
    text = '{"a": [{"a": 1, "b": {"a": 2}}, {"a": 1}], "b": {}}'
    assert parse_json(text) == json.loads(text)
    for twice in ('{"a": 1, "a": 1}', '[{"b": {"a": 1, "\\u0061": 2}}]'):
        with pytest.raises(RepeatedKeyError, match="got 'a' again"):
            parse_json(twice)


def test_a_manifest_with_a_key_twice_is_refused(tmp_path: Path):
    (tmp_path / "manifest.json").write_text('{"kind": "run", "root_seed": 1, "root_seed": 2}')
    with pytest.raises(DataError, match="expected each key once, got 'root_seed' again"):
        read_manifest(tmp_path)
