"""Predictions that count what rules match of a list of names.

In: a predictor of a case. Out: a number, or draws where the list is a sample. Files are read; no
world and no engine enters.
"""

from __future__ import annotations

from sim.backtest.prediction import NotComputable, Prediction, of_draws, of_number
from sim.blocklists.blocklists import find_input
from sim.blocklists.name_lists import Reading, read_name_list
from sim.blocklists.overmatch import Share, hold, plain_kind
from sim.blocklists.rule_lists import NameRules, read_name_rules
from sim.errors import ScenarioError, UsageError
from sim.scenario.cases import PlacedCase
from sim.scenario.predictors import OvermatchPredictor
from sim.streams import Stream, Streams

N_DRAWS = 2000
"""Draws of a share of which the list is a sample."""
LUCK = Streams(root_seed=0, replicate=0)
"""Luck of these draws; a fixed one, so that scores do not move by themselves."""
LEFT_OUT = "whether a filter does what the rules say, and whether the list is one of names in use"


def predict_overmatch(
    placed: PlacedCase, predictor: OvermatchPredictor
) -> Prediction | NotComputable:
    """Count names that rules match; a share of nothing is not computable.

    Raises
    ------
    OverblockError
        If a file cannot be read, or the universe is smaller than the list.

    Notes
    -----
    With a universe the share of names is drawn from its posterior under Jeffreys' prior,
    Beta(n + 1/2, N - n + 1/2), and times the universe where names are counted.
    """
    folder = placed.file.path.parent
    kind, reading = plain_kind(predictor.plain), Reading()
    rules = read_name_rules(find_input(str(folder / predictor.rules)), kind, reading)
    names = read_name_list(find_input(str(folder / predictor.names)), reading)
    targets = None
    if predictor.targets:
        given = find_input(str(folder / predictor.targets))
        targets = NameRules.together([read_name_rules(given, kind, reading)])
    try:
        found = hold(
            NameRules.together([rules]), names, targets, universe=predictor.universe, top=1
        )
    except UsageError as error:
        message = str(error).partition(": ")[2]
        raise ScenarioError([placed.problem("predictor.universe", message)]) from None
    share = found.all.overmatch
    if predictor.count == "matched":
        share = Share(found.all.n_matched, found.n_names)
    if not share.of and predictor.is_share:
        return NotComputable("a share of no name")
    if predictor.universe is None:
        return of_number(share.n / share.of if predictor.is_share else share.n, LEFT_OUT)
    # Of a sample: names matched among all names, or a share among those that count.
    of = share.of if predictor.is_share else found.n_names
    rng = LUCK.generator(Stream.CASES, tuple(b"overmatch"))
    drawn = rng.beta(share.n + 0.5, of - share.n + 0.5, N_DRAWS)
    spans = f"{N_DRAWS} draws of which names the sample happened to hold"
    return of_draws(drawn if predictor.is_share else drawn * predictor.universe, spans, LEFT_OUT)
