"""Which example data come with glmlr? The files of `data/`, as data frames: see data/README.md for their provenance."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd

from glmlr.errors import OptionError, SourceError, listing, suggestion

_NAMES: Final = ("anes96", "arrests", "birthwt", "heart_age", "heart_vessels", "iris", "scores", "titanic")

#: The same files: an installed glmlr carries `data/` as glmlr/datasets/files, a checkout keeps it beside the package.
_PLACES: Final = (Path(__file__).parent / "files", Path(__file__).parents[2] / "data")


def names() -> tuple[str, ...]:
    """Give the names that `load` knows, in alphabetical order."""
    return _NAMES


def load(name: str) -> pd.DataFrame:
    """Read one of the example data sets, coded as in its file.

    Args:
        name: one of `names()`: "anes96" (944 rows), "arrests" (5,226), "birthwt" (189), "heart_age" (5 groups),
            "heart_vessels" (5 groups), "iris" (150), "scores" (10), "titanic" (1,309, of which 263 without an age).

    Raises:
        OptionError: a name that is not known.
        SourceError: an installation without its data files.

    >>> load("birthwt").shape
    (189, 10)

    """
    if name not in _NAMES:
        hint = suggestion(str(name), _NAMES) or "."
        raise OptionError(f"There is no data set {name!r}; there are {listing(_NAMES)}{hint}")
    for place in _PLACES:
        if (place / f"{name}.csv").is_file():
            return pd.read_csv(place / f"{name}.csv")
    raise SourceError(f"The file of the data set {name!r} is missing from this installation; install glmlr again.")
