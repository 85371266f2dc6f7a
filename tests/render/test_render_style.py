"""Can the colours be told apart, by every eye and on every background, and do pages and pictures have the same ones?"""

from itertools import combinations

import numpy as np
import pytest

from glmlr.render import html, style

#: Paper and dark paper of the HTML report, and their ink.
LIGHT, DARK = ("#fdfdfc", "#1c2024"), ("#14171a", "#e4e6e8")

# What the three kinds of dichromats see, for linear RGB; Machado, Oliveira & Fernandes (2009), IEEE Transactions on
# Visualization and Computer Graphics 15, 1291-1298, severity 1.0.
SIGHT = {
    "all cones": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
# IEC 61966-2-1: linear sRGB to XYZ, and its white.
XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]])
WHITE = np.array([0.95047, 1.0, 1.08883])


def linear(colour):
    share = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """WCAG 2.1: (L1 + 0.05) / (L2 + 0.05)."""
    dark, light = sorted(float(linear(colour) @ XYZ[1]) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def lab(rgb):
    """CIE 1976 L*a*b*."""
    x = XYZ @ np.clip(rgb, 0, 1) / WHITE
    f = np.where(x > 216 / 24389, np.cbrt(x), (24389 / 27 * x + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_the_ruler_measures_what_it_should():
    # By definition: white on black is 21 : 1, and L* of white is 100.
    assert contrast("#ffffff", "#000000") == pytest.approx(21.0)
    assert lab(linear("#ffffff")) == pytest.approx([100, 0, 0], abs=0.01)


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize(
    # A difference of 2.3 is just noticed side by side; lines apart from one another need several times that. Blue and
    # green on dark are nearest for tritanopes, of whom there is one in ten thousand; their dashes differ.
    ("palette", "least"),
    [(style.PALETTE, {"": 16.5}), (style.DARK_PALETTE, {"": 15.0, "tritanopia": 9.5})],
    ids=["light", "dark"],
)
def test_any_two_colours_differ_for_every_eye(palette, least, sight):
    seen = [lab(np.array(SIGHT[sight]) @ linear(colour)) for colour in palette]
    nearest = min(np.linalg.norm(one - other) for one, other in combinations(seen, 2))
    assert nearest >= least.get(sight, least[""])


@pytest.mark.parametrize(
    ("palette", "ground"),
    [(style.PALETTE, LIGHT), (style.PALETTE, (style.PAPER, style.INK)), (style.DARK_PALETTE, DARK)],
    ids=["light", "picture", "dark"],
)
def test_colours_stand_out_and_names_in_them_can_be_read(palette, ground):
    # WCAG 2.1: 3 : 1 for graphical objects (1.4.11), 4.5 : 1 for text (1.4.3).
    paper, ink = ground
    assert min(contrast(colour, paper) for colour in palette) >= 3.0
    assert min(contrast(style.mixed(colour, ink), paper) for colour in palette) >= 4.5


def test_a_mixture_has_its_shares():
    assert style.mixed("#ff0000", "#0000ff", 0.5) == "#800080"
    assert style.mixed("#102030", "#000000", 1.0) == "#102030"


def test_pages_have_these_colours():
    for sheet in ("style.css", "fragment.css"):
        assert style.css(style.DARK_PALETTE) in html._asset(sheet)
        assert "palette */" not in html._asset(sheet)
    assert html._asset("style.css").count(style.css(style.PALETTE)) == 2  # on the screen and in print
    assert f"--paper: {LIGHT[0]}; --ink: {LIGHT[1]};" in html._asset("style.css")
    assert f"--paper: {DARK[0]}; --ink: {DARK[1]};" in html._asset("style.css")
    assert style.PAGE_COLOURS[style.PALETTE[1]] == "var(--glmlr-2, #d55e00)"
    assert len(style.PAGE_COLOURS) == 1 + 2 * len(style.PALETTE)
