"""The wizard's road, step by step, with whatever presses its buttons: the mouse, or the keyboard alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import yaml

from tests.drives.hand import Hand, StepFailed
from tests.drives.tune_kit import LONG_PHRASE, Kit

PAGE = "tunePage"
STEPS = ("data", "model", "strategy", "settings", "review")
HUB = "clipseg-rd64-refined"


class Way(Protocol):
    """How a person does it."""

    hand: Hand

    def press(self, name: str) -> None: ...
    def fill(self, name: str, text: str) -> None: ...
    def choose_card(self, kind: str, value: str) -> None: ...
    def choose_row(self, name: str, text: str) -> None: ...
    def choose_tab(self, tabs: str, number: int) -> None: ...
    def go_to(self, step: str) -> None: ...
    def looked_through(self, name: str) -> None:
        """Everything in sight is looked at, and everything that can be used is reached."""


def text(hand: Hand, name: str) -> str:
    return hand.text_of(name)


def shown(hand: Hand, name: str) -> bool:
    return hand.ask("where", name=name) is not None


def said(hand: Hand, under: str, words: str) -> None:
    hand.wait(f"“{words}” is said", lambda: any(words in line for line in hand.ask("texts", under=under)))


def data(way: Way, kit: Kit) -> None:
    """The dataset with its problems, the quick look, and the phrase bench."""
    hand = way.hand
    said(hand, "dataStep", "cases to learn from")
    said(hand, "wizardProblems", "left out")
    said(hand, "wizardProblems", "worth")
    hand.looks_right("data", PAGE)
    way.press("wizardProblemsShow")
    hand.wait("The Data page shows them", lambda: shown(hand, "dataPage"))
    hand.picture("problems-on-the-data-page")
    hand.keys("ctrl+2")
    hand.wait("The wizard is as it was", lambda: shown(hand, "dataStep"))
    way.press("quickLookStart")
    hand.wait("Six images are shown", lambda: shown(hand, "look6"))
    said(hand, "quickLook", "Dice of these images before tuning")
    way.press("look1")
    hand.wait("One is shown large", lambda: text(hand, "largeLookWords").startswith("1 / 6"))
    hand.keys("Right")
    hand.wait("The arrows step", lambda: text(hand, "largeLookWords").startswith("2 / 6"))
    hand.picture("one-large")
    hand.keys("Escape")
    hand.wait("Esc closes it", lambda: not shown(hand, "largeLookWords"))
    way.choose_row("benchLabel", "liver")
    way.fill("benchWording", "a big liver")
    way.press("benchAdd")
    hand.wait("It will be compared", lambda: "a big liver" in text(hand, "benchAdded"))
    way.press("phraseBenchStart")
    hand.wait("The wordings are compared", lambda: shown(hand, "benchNote"))
    way.press("benchUse_1_1")
    hand.wait("It is in use", lambda: not hand.ask("where", name="benchUse_1_1")["enabled"])
    way.looked_through("data-with-looks")


def model(way: Way, kit: Kit) -> None:
    """Installed ones; every import; a download with proxy, cancel, resume, a wrong checksum."""
    hand = way.hand
    way.go_to("model")
    for words in ("Licence: apache-2.0", "SHA-256", "MB"):
        said(hand, "modelStep", words)
    way.looked_through("model")
    for button, given, name in (
        ("importModel", kit.folder, "tiny-folder"),
        ("importModelFile", kit.file, "tiny-file"),
        ("importModelFile", kit.zipped, "tiny-zipped"),
    ):
        way.press(button)
        hand.answer_file_dialog(given)
        hand.wait(f"{name} is installed and chosen", lambda name=name: _chosen(hand, f"model_{name}"))
    way.press("importModelFile")
    hand.answer_file_dialog(kit.cris)
    hand.wait("A tokenizer is asked for", lambda: "no tokenizer" in text(hand, "importProblem"))
    hand.looks_right("tokenizer-wanted", PAGE)
    way.fill("importTokenizer", str(kit.tokenizer))
    way.press("importGoOn")
    hand.wait("CRIS is installed and chosen", lambda: _chosen(hand, "model_best"))
    _download(way, kit)


def _chosen(hand: Hand, card: str) -> bool:
    return bool(hand.ask("inputs", under="modelStep").get(card))


def _download(way: Way, kit: Kit) -> None:
    hand, hub = way.hand, kit.hub
    way.press("networkFold")
    way.fill("networkProxy", kit.proxy.address)
    way.fill("networkMirror", f"http://hub.example:{hub.port}")
    if hub.asked or kit.proxy.asked:
        raise StepFailed("The hub was asked before Download was pressed.")
    hub.manners.content = {"model.safetensors": bytes((hub.folder / "model.safetensors").stat().st_size)}
    way.press(f"fetchGet_{HUB}")
    hand.wait("A wrong checksum is told", lambda: "another content" in text(hand, f"fetchProblem_{HUB}"))
    hand.looks_right("wrong-checksum", PAGE)
    hub.manners.content = {}
    hub.manners.stall_after = 60_000
    way.press(f"fetchGet_{HUB}")
    hand.wait("Progress is told", lambda: " MB" in text(hand, f"fetchWords_{HUB}"))
    hand.looks_right("downloading", PAGE)
    way.press(f"fetchCancel_{HUB}")
    hand.wait("It can be gone on with", lambda: text(hand, f"fetchGet_{HUB}") == "Go on")
    hub.manners.stall_after = 0
    hub.go_on.set()
    before = len(hub.asked)
    way.press(f"fetchGet_{HUB}")
    hand.wait("It is installed and chosen", lambda: _chosen(hand, f"model_{HUB}"))
    if not any(ranged.startswith("bytes=") for _, ranged in hub.asked[before:]):
        raise StepFailed("The download began anew in place of going on.")
    if not kit.proxy.asked:
        raise StepFailed("The proxy was not used.")
    hand.looks_right("downloaded", PAGE)


def strategy(way: Way, kit: Kit) -> None:
    """The gauge, unknown and known, with its map; cards with figures, advice, and reasons why not."""
    hand = way.hand
    way.go_to("strategy")
    way.press("domainGaugeStart")
    hand.wait("Nothing is known of these weights", lambda: bool(text(hand, "shiftWords")))
    if shown(hand, "shiftValue") or any("Not advised" in line for line in hand.ask("texts", under="strategyStep")):
        raise StepFailed("Advice is given although nothing is known.")
    hand.looks_right("gauge-unknown", PAGE)
    way.press("shiftReference")
    hand.answer_file_dialog(kit.reference)
    hand.wait("A folder is measured by", lambda: shown(hand, "shiftValue"))
    hand.looks_right("gauge-by-a-folder", PAGE)
    way.go_to("model")
    way.choose_card("model", "starter-cris")
    way.go_to("strategy")
    hand.wait("VPT is greyed out", lambda: not hand.ask("where", name="strategy_vpt")["enabled"])
    said(hand, "strategy_vpt", "that of Starter CRIS takes none")
    hand.looks_right("impossible-ones", PAGE)
    way.go_to("model")
    way.choose_card("model", "starter")
    way.go_to("strategy")
    hand.wait("The gauge is high", lambda: "far" in text(hand, "shiftWords"))
    said(hand, "strategy_coop", "Not advised here")
    way.choose_card("strategy", "vpt")
    said(hand, "strategy_vpt", "suggested")
    said(hand, "strategy_vpt", "9,216 numbers learn")
    hand.wait("Its time is measured", lambda: "at most" in text(hand, "strategy_vpt_facts"))
    way.press("shiftMapShow")
    hand.wait("The map is shown", lambda: shown(hand, "shiftMap"))
    way.choose_row("shiftMapKind", "Neighbours (t-SNE)")
    said(hand, "strategyStep", "Only who lies beside whom")
    way.looked_through("strategy")


def settings(way: Way, kit: Kit) -> None:
    """Basic and expert, checked while one types; phrases with their tokens, and what is cut."""
    hand = way.hand
    way.go_to("settings")
    hand.wait("Fields are there", lambda: shown(hand, "training_epochs"))
    hand.wait("Tokens are shown", lambda: shown(hand, "phraseTokens_1"))
    hand.looks_right("settings", PAGE)
    way.fill("runName", "by hand")
    way.fill("phrase_1", LONG_PHRASE)
    hand.wait("What is cut is told", lambda: "does not see" in text(hand, "phraseTold_1"))
    hand.looks_right("phrase-too-long", PAGE)
    way.fill("phrase_1", "big liver")
    hand.wait("Nothing is cut any more", lambda: not shown(hand, "phraseTold_1"))
    way.fill("training_learning_rate", "7")
    hand.wait("A wrong number is told at its field", lambda: shown(hand, "training_learning_rate_problem"))
    hand.wait("One cannot go on", lambda: not hand.ask("where", name="wizardNext")["enabled"])
    hand.looks_right("wrong-number", PAGE)
    way.fill("training_learning_rate", "0.04")
    hand.wait("One can go on", lambda: bool(hand.ask("where", name="wizardNext")["enabled"]))
    way.fill("training_epochs", "2")
    way.press("expertSettings")
    hand.wait("Expert settings are there", lambda: shown(hand, "training_keep_epochs"))
    way.fill("training_keep_epochs", "5")
    way.looked_through("settings-expert")


def review(way: Way, kit: Kit) -> None:
    """Costs, words, recipe, command and Python, each to be copied."""
    hand = way.hand
    way.go_to("review")
    hand.wait("What it will take is measured", lambda: text(hand, "cost_time") not in ("", "–"))
    for words in ("What it will do", "Learns from", "SHA-256", "big liver"):
        said(hand, "reviewStep", words)
    for number, name in enumerate(("Recipe", "Command", "Python")):
        way.choose_tab("review", number)
        hand.wait(f"{name} is shown", lambda name=name: shown(hand, f"review{name}"))
        way.press(f"copy{name}")
        hand.wait(f"{name} is copied", lambda name=name: hand.ask("clipboard") == text(hand, f"review{name}") != "")
    way.choose_tab("review", 0)
    way.press("saveRecipe")
    saved = kit.work / "saved.yaml"
    hand.answer_file_dialog(saved)
    hand.wait("The recipe is saved", saved.is_file)
    kept = yaml.safe_load(saved.read_text(encoding="utf-8"))
    asked = (kept["name"], *(kept["training"][name] for name in ("epochs", "learning_rate", "keep_epochs")))
    if asked != ("by hand", 2, 0.04, 5) or kept["data"]["labels"][0]["phrase"] != "big liver":
        raise StepFailed(f"The recipe is not what was entered: {asked}")
    way.looked_through("review")


def back_and_forth(way: Way, kit: Kit) -> None:
    """Through all steps and back: every field says what it said."""
    hand = way.hand

    def entered() -> dict[str, object]:
        found: dict[str, object] = hand.ask("inputs", under=PAGE)
        # Where a run would be written is named after the time of looking; which step is in sight is no entry.
        return {name: value for name, value in found.items() if name not in _OF_THE_MOMENT}

    before = entered()
    for step in (*reversed(STEPS), *STEPS):
        way.go_to(step)
        hand.wait("The step is there", lambda step=step: shown(hand, f"{step}Step"))
    after = entered()
    if before != after:
        others = {name: (before.get(name), after.get(name)) for name in {*before, *after}}
        lost = {name: pair for name, pair in others.items() if pair[0] != pair[1]}
        raise StepFailed(f"Going back and forth changed {lost}")


_OF_THE_MOMENT = {"reviewCommand", "reviewPython", *(f"step_{name}" for name in STEPS)}


def start(way: Way, kit: Kit) -> None:
    hand = way.hand
    runs = hand.home / "data" / "runs"
    way.press("wizardNext")
    hand.wait("The Runs page shows it", lambda: shown(hand, "runsPage"))
    hand.wait("It is over", lambda: any(runs.glob("by-hand-*/result.json")))
    hand.picture("the-run")


def small(way: Way, kit: Kit) -> None:
    """Every step in the smallest window."""
    hand = way.hand
    hand.resize(900, 600)
    for step in STEPS:
        way.go_to(step)
        hand.wait("The step is there", lambda step=step: shown(hand, f"{step}Step"))
        time.sleep(0.3)  # forms grow in turns
        look_over(hand, f"small-{step}", f"{step}Step")
    hand.resize(1280, 820)


def look_over(hand: Hand, name: str, step: str) -> None:
    """Pictures of the whole step, a page after the other, by the wheel."""

    def place() -> int:
        found: int = hand.ask("where", name=step)["scrolled"]
        return found

    left, top, width, height = hand.ask("where", name=step)["view"]
    hand.hover((left + width - round(4 * hand.scale), top + height // 2))  # over no field, which the wheel would turn
    hand.wheel(down=False, times=60)
    hand.wait("The step is at its top", lambda: place() == 0)
    for number in range(16):
        hand.looks_right(f"{name}-{number}" if number else name, PAGE)
        before = place()
        hand.wheel(down=True, times=6)
        time.sleep(0.1)
        if place() == before:
            return


ROAD: tuple[Callable[[Way, Kit], None], ...] = (
    data, model, strategy, settings, review, back_and_forth, small, start,
)  # fmt: skip
