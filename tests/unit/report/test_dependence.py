"""What a page says of its grounds: the inputs on which its measures depend."""

import html
import re

from sim.catalogue.choices import EVER_SHARE, PRIVATE_LOSS
from sim.measure.estimates import Estimate
from sim.report.page.document import _template, render
from sim.report.words.languages import NBSP
from sim.results.folder import open_run

INPUTS = {"effects.name_evasion": 0.45, "effects.throttle_severity": 0.1}
MEANINGS = (
    "Share of users who get round the blocking of a name",
    "Share of attempts that fail at a throttled address",
)


def test_inputs_are_named_with_their_shares_of_the_spread(ensemble_run, monkeypatch):
    run = open_run(ensemble_run)
    (strategy,) = run.strategies
    named = Estimate(0.1, 0.0, 0.2, "share", depends_on=tuple(INPUTS.items()), chance=0.2)
    unnamed = Estimate(1.0, 0.0, 2.0, "USD")
    found = {PRIVATE_LOSS: named, EVER_SHARE: named}

    def shown() -> tuple[str, list[tuple[str, str]]]:
        of_strategy = {(strategy, metric): one for metric, one in found.items()}
        monkeypatch.setitem(_template().globals, "read_estimates", lambda _: of_strategy)
        page = html.unescape(render(run)).replace(NBSP, " ")
        section = page[page.index("On what does it depend most?") :].partition("</article>")[0]
        rows = re.findall(r'<th scope="row">(.*?)</th>.*?class="hn">(.*?)</span>', section)
        return re.findall("<p>(.*?)</p>", section)[0], rows

    text, rows = shown()
    assert rows == [
        (MEANINGS[0], "45%"), (MEANINGS[1], "10%"), ("Chance, with the same inputs", "20%")
    ]  # fmt: skip
    of_spread = "(45% of its spread)", "(10% of its spread)"
    listed = " and ".join(
        f"{one[0].lower()}{one[1:]} {share}" for one, share in zip(MEANINGS, of_spread, strict=True)
    )
    assert text == f"The range of the share ever cut off depends most on {listed}."
    found[EVER_SHARE] = unnamed
    assert shown()[0].startswith("Share ever cut off: too few simulations to tell.")
    found[PRIVATE_LOSS] = unnamed
    assert shown() == ("Too few simulations to distinguish the inputs from chance.", [])
