"""The words for a bundle's parity: the numbers are in them, and what proves little says so."""

from __future__ import annotations

from engine.bundle.manifest import Manifest, Parity
from engine.bundle.verdict import reports_of, short_verdict, verdict, weakest
from tests.fakes.tiny_bundle import tiny_manifest


def parity(dice: float, source: str = "validation", **more: object) -> Parity:
    values = {
        "verified": dice >= 0.99,
        "dice": dice,
        "max_probability_difference": 0.046,
        "images": 20,
        "answers": 40,
        "non_empty": 31,
        "source": source,
        "provider": "CPUExecutionProvider",
        "precision": "int8",
    }
    return Parity(**{**values, **more})


def judged(*reports: Parity) -> Manifest:
    return tiny_manifest(precision="int8", parity=weakest(reports), parity_reports=list(reports))


def test_the_weakest_report_stands_for_all() -> None:
    good, bad = parity(0.9987), parity(0.96, "drawn", images=8)
    manifest = judged(good, bad)
    assert manifest.parity == bad
    assert verdict(manifest) == (
        "NOT verified against torch (int8): Dice 0.9600 (0.99 is asked) on 20 validation and 8 drawn images, "
        "probabilities differ by 0.046 at most, on CPU"
    )
    assert short_verdict(manifest) == "NOT verified, int8, Dice 0.9600"
    assert verdict(judged(good)).startswith("verified against torch (int8): Dice 0.9987 on 20 validation images")


def test_of_equals_the_first_stands_for_all() -> None:
    assert weakest([parity(1.0), parity(1.0, "drawn")]).source == "validation"


def test_every_provider_is_named() -> None:
    both = judged(parity(0.999), parity(0.998, provider="CUDAExecutionProvider"))
    assert verdict(both).endswith("on CPU and CUDA")


def test_images_on_which_nothing_is_found_prove_little() -> None:
    assert "nothing is found on the drawn images" in verdict(judged(parity(1.0), parity(1.0, "drawn", non_empty=0)))


def test_bundles_of_version_1_hold_one_report_or_none() -> None:
    assert reports_of(tiny_manifest()) == [tiny_manifest().parity]
    never = tiny_manifest(parity=Parity())
    assert verdict(never).startswith("not verified: its graphs were never compared")
    assert short_verdict(never) == "never verified, fp32"
