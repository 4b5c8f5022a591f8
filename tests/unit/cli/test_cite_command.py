"""What `cite` prints names the program, its version and the result, and BibTeX reads it."""

import json
import re
import shutil

import sim
from tests.commands import call, run


def cited(*arguments: str) -> str:
    return run("cite", *arguments).stdout


def entries(bibtex: str) -> list[dict[str, str]]:
    """Entries by a reader of its own: balanced braces, a comma after each field."""
    found = []
    for entry in bibtex.split("\n\n"):
        head, *lines, end = entry.strip().splitlines()
        assert re.fullmatch(r"@(software|misc)\{overblock_\w+,", head)
        assert end == "}"
        assert entry.count("{") == entry.count("}")
        fields = [re.fullmatch(r"  (\w+) = \{(.*)\},", line) for line in lines]
        found.append({one[1]: one[2] for one in fields if one})
        assert len(found[-1]) == len(lines)
    return found


def test_the_program_is_cited_with_its_version():
    text, _, bibtex = cited().partition("\n\n")
    assert sim.__version__ in text
    (entry,) = entries(bibtex)
    assert (entry["title"], entry["version"]) == ("overblock", sim.__version__)
    assert entry["author"] == "{The overblock authors}"


def test_a_result_is_cited_with_its_id_and_day(shipped_run, tmp_path):
    manifest = json.loads((shipped_run / "manifest.json").read_text(encoding="utf-8"))
    result = manifest["result_id"][:12]
    text, _, bibtex = cited(str(shipped_run)).partition("\n\n")
    first, second = text.splitlines()
    assert f"result {result}" in first
    assert "result" not in second
    entry, program = entries(bibtex)
    assert entry["note"] == f"overblock {manifest['tool']['version']}, result {result}"
    timing = json.loads((shipped_run / "timing.json").read_text(encoding="utf-8"))
    assert entry["date"] == timing["started_utc"][:10]
    assert program["version"] == sim.__version__
    # Without the timing, as in a bundle, nothing is made up.
    bare = shutil.copytree(shipped_run, tmp_path / "bare")
    (bare / "timing.json").unlink()
    assert not {"date", "year"} & entries(cited(str(bare)).partition("\n\n")[2])[0].keys()


def test_point_values_and_changed_tables_are_named(shipped_run, tmp_path):
    folder = shutil.copytree(shipped_run, tmp_path / "run")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert "ensemble" not in manifest
    ensemble = json.dumps(manifest | {"ensemble": {}})
    (folder / "manifest.json").write_text(ensemble, encoding="utf-8")
    assert "(simulation)" in cited(str(folder))
    shutil.copy(shipped_run / "manifest.json", folder)
    with (folder / "summary.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    result = call("cite", str(folder))
    assert "(simulation of point values, without the range of the" in result.stdout
    assert "Do not quote this result" in result.stderr
    assert "summary.csv" in result.stderr


def test_what_is_no_run_is_an_error(tmp_path):
    assert run("cite", tmp_path, status=4).stdout == ""
