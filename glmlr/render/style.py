"""What does a drawing look like? Colours, strokes, signs and sizes: the one place that says so."""

from __future__ import annotations

from typing import Final

# ----------------------------------------------------------------------------------------------------------- colours

#: Colours of series on white. The first three are Okabe & Ito's (2008, Color Universal Design); the others were chosen
#: so that any two of the six differ for all kinds of colour vision and each stands out from paper (3 : 1 or more).
PALETTE: Final = ("#0072b2", "#d55e00", "#009e73", "#b85c93", "#5f4420", "#7a4fe0")
#: The same on a dark page, or in axes with a dark background.
DARK_PALETTE: Final = ("#56b4e9", "#f0863c", "#2fbf95", "#e6a3cc", "#f0e442", "#9d86f5")
INK: Final = "#1f2328"
PAPER: Final = "#ffffff"
#: Share of a line's own colour in its name; the rest is ink, so that words can be read (4.5 : 1 or more).
NAME_COLOUR: Final = 0.65


def css(palette: tuple[str, ...]) -> str:
    """Write the colours as the variables by which a page sets them."""
    return " ".join(f"--glmlr-{number}: {colour};" for number, colour in enumerate(palette, 1))


def mixed(colour: str, ink: str, share: float = NAME_COLOUR) -> str:
    """Mix a colour with ink, both as #rrggbb."""
    pairs = [(int(colour[at : at + 2], 16), int(ink[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(share * one + (1 - share) * other):02x}" for one, other in pairs)


#: On a page, ink is the colour of the text around, and a series a variable the page may set for a dark background. A
#: browser that cannot mix colours writes names in the colour of the text.
PAGE_COLOURS: Final = (
    {INK: "currentColor"}
    | {colour: f"var(--glmlr-{number}, {colour})" for number, colour in enumerate(PALETTE, 1)}
    | {
        mixed(colour, INK): f"color-mix(in srgb, var(--glmlr-{number}, {colour}) {NAME_COLOUR:.0%}, currentColor)"
        for number, colour in enumerate(PALETTE, 1)
    }
)

# ----------------------------------------------------------------------------------------------------- sizes, in points

TITLE, TEXT, SMALL = 11.0, 10.0, 9.0
LINE, WHISKER, REFERENCE, SPIKE, AXIS, GRID = 1.9, 1.5, 1.0, 1.0, 0.8, 0.7
#: Areas of markers in square points: usual, the smallest and the largest where they differ, of many, of an arrow.
MARKER, SMALLEST, LARGEST, SPECK, ARROW = 34.0, 14.0, 100.0, 9.0, 28.0
SIGN_MARKER: Final = 5.5
#: Side of a tile, of 1.
TILE: Final = 0.96

# ------------------------------------------------------------------------------------------------------------- opacity

BAND, SPIKES, REFERENCES, AXES, GRIDS = 0.17, 0.65, 0.6, 0.55, 0.13
#: Bars alone, and bars behind other things; markers, and markers in crowds of more than so many.
BARS, BARS_BEHIND = 0.88, 0.32
MARKERS_ALPHA, CROWD_ALPHA, CROWD = 0.9, 0.45, 200
#: The palest and the deepest tile: ink can be read on both, on paper and on a dark page.
PALEST, DEEPEST = 0.03, 0.58

# --------------------------------------------------------------------------------------------------------------- signs

#: Lines differ in their dashes and points in their shape as well as in colour, for print in grey.
DASHES: Final = ("solid", (0, (5.0, 1.8)), (0, (1.6, 1.4)), (0, (7.0, 1.6, 1.6, 1.6)))
REFERENCE_DASHES: Final = ((0, (3.5, 2.5)), (0, (1.2, 2.0)), (0, (7.0, 2.0, 1.2, 2.0)))
MARKERS: Final = ("o", "s", "D", "^", "v", "P")
#: What covers areas is drawn first, points last.
LAYERS: Final = {
    "band": 0, "tiles": 0, "bars": 1, "spikes": 1, "reference": 2, "line": 3, "step": 3, "intervals": 4, "points": 5,
}  # fmt: skip
