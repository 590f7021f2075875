"""README.md of a prompt pack: what it is, for people who unpack it."""

from __future__ import annotations

from engine.contract.notices import RESEARCH_ONLY
from engine.pack.manifest import PackManifest


def card_text(manifest: PackManifest) -> str:
    """Markdown."""
    model = manifest.model
    lines = [
        f"# {_plain(manifest.name)}",
        "",
        f"A prompt pack of TuneVLSeg: {manifest.learned:,} numbers learned by the strategy `{manifest.strategy}`. They "
        f"work on one set of base weights only: `{model.id or model.name}` (sha256 `{model.sha256}`), which is not in "
        f"here. Its licence: {_plain(model.licence) or 'unknown'}.",
        "",
        "| value | label | phrase | SNOMED CT |",
        "|--:|---|---|---|",
        *(
            f"| {label.value} | {_plain(label.name)} | {_plain(label.phrase)} | {label.snomed or ''} |"
            for label in manifest.labels
        ),
        "",
    ]
    if manifest.validation:
        dice = manifest.validation.get("val_dice")
        told = f"Validation Dice {dice:.3f}" if dice is not None else "Validation scores are in pack.yaml"
        lines += [f"{told} (epoch {manifest.best_epoch}), on the data that it was tuned on.", ""]
    if manifest.synthetic:
        lines += [f"**Synthetic:** {manifest.notice or 'tuned on drawn images only, not for real scans.'}", ""]
    elif manifest.notice:
        lines += [manifest.notice, ""]
    return "\n".join([*lines, f"Use it: `tunevlseg import-pack NAME.tvprompt`. {RESEARCH_ONLY}", ""])


def _plain(text: str) -> str:
    """One line that no table breaks on."""
    return " ".join(text.split()).replace("|", "/")
