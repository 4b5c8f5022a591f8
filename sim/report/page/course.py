"""What a scenario takes for its course: its own strategy, orders that are given, who reacts.

In: a run folder. Out: sentences on what that means for the numbers of the page.
"""

from __future__ import annotations

from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.plain import quoted, strategy_names
from sim.results.read import RunFolder


def own_course(run: RunFolder, words: Language = IN_ENGLISH) -> str:
    """Say that the strategy of the scenario is not among those compared; empty where it is."""
    own = run.scenario.get("strategy")
    if not own or own_label(run):
        return ""
    text = (
        "The scenario's own strategy, {strategy}, is not among those compared: the course that "
        "the scenario itself takes is not shown."
    )
    return words.say(text, strategy=own_name(run, words))


def own_label(run: RunFolder) -> str:
    """Label of the strategy that is the scenario's own; empty where none of those compared is."""
    own = run.scenario.get("strategy") or {}
    for one in run.manifest["strategies"]:
        given = one.get("parameters", {}).items()
        is_alike = all(str(own.get(key, value)) == str(value) for key, value in given)
        if own and one["id"] == own["id"] and is_alike:
            return str(one["label"])
    return ""


def name_to_add(run: RunFolder) -> str:
    """What adds the scenario's own strategy to those compared: its id, under a label if taken."""
    id_ = str(run.scenario["strategy"]["id"])
    return f"own={id_}" if id_ in run.strategies else id_


def own_name(run: RunFolder, words: Language = IN_ENGLISH) -> str:
    """What the scenario's own strategy is called beside those compared, in quotation marks."""
    own = run.scenario["strategy"]
    label, *_ = name_to_add(run).split("=")
    parameters = {key: value for key, value in own.items() if key != "id"}
    added = {"label": label, "id": own["id"], "parameters": parameters}
    return quoted(strategy_names([*run.manifest["strategies"], added], words)[label], words)


def are_orders_given(run: RunFolder) -> bool:
    """Whether orders are placed at times that are given, so that nothing varies them."""
    own = run.scenario.get("strategy") or {}
    return "orders" in own and own.get("order_times") == "best"


def nobody_reacts(run: RunFolder, words: Language = IN_ENGLISH) -> list[str]:
    """Of what harm is an upper bound where no business moves its site; none otherwise.

    A program that takes a site off a shared range is a way out, and so is a complaint that is
    heard: where there are such, it is not said that no business reacts.
    """
    if run.scenario.get("reactions"):
        return []
    is_alone = [] if run.scenario.get("users") else [words.say("No customer takes to a VPN.")]
    if run.scenario.get("switching") is not None:
        text = (
            "No business moves its site in this scenario, but a program takes some sites off a "
            "shared range while their address there is blocked, and back afterwards. Of a long "
            "block, the harm told is an upper bound only in that others might have moved; what it "
            "costs to be without protection meanwhile is not in it."
        )
        return [words.say(text), *is_alone]
    if run.scenario.get("complaints") is not None:
        text = (
            "No business moves its site in this scenario: of a long block, the harm told is an "
            "upper bound in that respect."
        )
        return [words.say(text), *is_alone]
    text = (
        "No business reacts in this scenario, by moving its site or in another way: of a long "
        "block, the harm told is an upper bound in that respect."
        if run.scenario.get("users")
        else "Nobody reacts in this scenario: no business moves its site, and no customer takes to "
        "a VPN. Of a long block, the harm told is an upper bound in that respect."
    )
    return [words.say(text)]
