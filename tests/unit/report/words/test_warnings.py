"""Warnings of a run as sentences of the page, in its language."""

from __future__ import annotations

from pathlib import Path

from sim.report.words.heading import other_warnings
from sim.report.words.languages import language
from sim.results.folder import RunFolder

MISSED = (
    "hits no modelled business: no customer of one needed an address or a name while it was "
    "blocked; they are a sample: names expected behind what was listed are in expected_names.csv"
)
OWN = "hosts.csv: a run takes from its own tables, and not from the file: provider, asn"


def test_frequent_warnings_are_in_the_language_of_the_page() -> None:
    manifest = {"warnings": [MISSED, OWN, "odd thing"], "strategy": "orders"}
    found = other_warnings(RunFolder(Path(), manifest, {"strategy": {"id": "orders"}}))
    assert found[2] == "Odd thing."
    assert found[0].startswith("No modelled business was hit: no customer of one needed")
    assert found[1] == "The run takes provider, asn from its own tables, not from hosts.csv."
    spanish = [language("es").write(one) for one in found]
    assert spanish[0].startswith("Ninguna empresa del modelo")
    assert spanish[1] == "La simulación toma provider, asn de sus propias tablas, no de hosts.csv."
