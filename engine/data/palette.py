"""Colours of labels; the window offers them too, without what else labels need."""

from __future__ import annotations

PALETTE = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#999999")
"""Okabe and Ito's colours (jfly.uni-koeln.de/color), told apart by colour-blind people too; repeated after eight."""

NAMES = ("orange", "sky blue", "bluish green", "yellow", "blue", "vermilion", "reddish purple", "grey")
"""What they are called, in the same order."""
