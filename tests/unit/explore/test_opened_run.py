"""A run that is opened is shown as it is: with its own draws, and without computing it again."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

import sim
from sim.explore import jobs, server
from sim.explore.answer import answer_of
from sim.explore.setting import Setting, Source
from sim.report.page.bands import with_bands
from sim.report.words.money import PRIVATE
from sim.report.words.numbers import number
from sim.results.folder import MANIFEST
from sim.results.read import open_run
from sim.results.tables import read_rows
from sim.scenario.load import load_scenario

pytest.importorskip("starlette")

SHORT = {"population.n_businesses": 300, "end": "2022-08-29T12:00+02:00"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("opened") / "run"
    sim.run("austria-2022", n_replicates=2, n_draws=3, set=SHORT, folder=into)
    return into


def test_the_page_opens_with_the_draws_of_the_folder(folder: Path) -> None:
    from sim.explore import app

    offer = server.offer_of(str(folder))
    assert (offer.first.n_replicates, offer.first.n_draws) == (2, 3)
    # What the page sends for it is the same setting.
    sent = json.loads(json.dumps(app._plain(offer.first)))
    assert Setting.of_json(sent, list(offer.sources)) == offer.first
    assert offer.answered == folder
    # The values are those of the report: medians of the draws.
    run = open_run(folder)
    rows = {row["metric"]: row for row in with_bands(run, read_rows(run, "summary.csv"))}
    figures = answer_of(folder)["figures"]
    assert figures["heads"] == ["Key figure", "Median", "Range"]
    loss = float(str(rows[PRIVATE]["mean"]))
    assert f"{number(loss)} USD" in {row[1] for row in figures["rows"]}
    assert loss != rows[PRIVATE]["given"]


def test_its_answer_is_the_folder_which_is_never_removed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs.Jobs, "_add", lambda self, *, for_levers: None)
    offer = server.offer_of(str(folder))

    async def shown() -> None:
        made = jobs.Jobs(tmp_path, offer.sources, offer.first, 1, offer.answered)
        made.begin()
        await made.until_shown()
        run = made.ask(offer.first)
        assert (run.state, run.folder) == ("done", folder)
        assert [kind async for kind, _ in run.messages()] == ["done"]
        for other in range(2, jobs.MOST_KEPT + 9):
            over = tmp_path / str(other) / "run"
            over.mkdir(parents=True)
            made.runs[other] = jobs.Run(other, Setting("surgical", root_seed=other), over)
            made.runs[other].state = "done"
        made._forget()
        assert (folder / MANIFEST).is_file()
        assert made.ask(offer.first) is run
        assert not (tmp_path / "2").exists()

    asyncio.run(shown())


@pytest.mark.parametrize("change", [{"status": "partial"}, {"tool": {"version": "0.1.0"}}])
def test_a_folder_that_this_program_did_not_finish_is_computed_with_its_draws(
    folder: Path, tmp_path: Path, change: dict[str, object]
) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            copy = tmp_path / "copy" / file.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    manifest = json.loads((folder / MANIFEST).read_text("utf-8")) | change
    (tmp_path / "copy" / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    offer = server.offer_of(str(tmp_path / "copy"))
    assert (offer.first.n_draws, offer.answered) == (3, None)


def test_a_folder_that_was_changed_since_is_computed_anew(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "summary.csv").write_text((copy / "summary.csv").read_text().replace("0", "1"))
    assert "summary.csv" in repr(sim.open_results(copy)).splitlines()[0]
    offer = server.offer_of(str(copy))
    assert offer.answered is None
    assert offer.changed == (
        "The folder is not as the run wrote it (summary.csv: differs from its hash in the "
        "manifest): all is recomputed."
    )
    manifest = copy / MANIFEST
    manifest.write_text(manifest.read_text().replace('"n_replicates"', ' "n_replicates"', 1))
    assert "(manifest.json: differs" in server.offer_of(str(copy)).changed
    assert server.offer_of(str(folder)).changed == ""


def test_mistakes_of_a_file_are_told_before_the_page_is_served(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("schema: 1\nname: bad\nstrategi: {id: none}\n", "utf-8")
    with pytest.raises(sim.ScenarioError, match="strategi"):
        server.offer_of(str(tmp_path / "bad.yaml"))
    with pytest.raises(sim.ScenarioError, match="did you mean"):
        server.offer_of("telegram-2081")


def test_a_file_is_offered_beside_the_shipped_scenarios(tmp_path: Path) -> None:
    names = sim.scenarios()["name"].tolist()
    text = load_scenario("surgical").source
    for stem, name in (("own", "own"), ("surgical", "surgical (yours)")):
        path = tmp_path / f"{stem}.yaml"
        path.write_bytes(text)
        offer = server.offer_of(str(path))
        assert list(offer.sources) == [name, *names]
        assert offer.sources[name] == Source(str(path))
        assert (offer.opened, offer.first, offer.answered) == (name, Setting(name), None)
        assert offer.levers == ()
    for opened in (None, "surgical"):
        offer = server.offer_of(opened)
        assert list(offer.sources) == names
        assert (offer.opened, offer.first) == ("surgical", Setting("surgical"))
    assert server.offer_of("austria-2022").opened == "austria-2022"
