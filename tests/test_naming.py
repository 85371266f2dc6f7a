"""Does every design column have one name, and every term its columns, levels and reference?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from witnesses import births

from glmlr.design import build_design

BIRTHS = births()


def test_columns_with_the_names_of_functions_work() -> None:
    names = ["Intercept", "C", "Q", "np", "I", "center", "log", "class", "lambda", "in", "bs", "Treatment"]
    data = pd.DataFrame({name: BIRTHS["age"] + at for at, name in enumerate(names)}).assign(low=BIRTHS["low"])
    right = " + ".join(name if name not in ("class", "lambda", "in") else f"`{name}`" for name in names)
    design = build_design(f"low ~ {right} + log(log) + C(C)", data)
    numeric = [name for name in design.names if not name.startswith("C(C)")]
    assert numeric == ["Intercept", "`Intercept`", *names[1:], "log(log)"]
    for at, name in enumerate(names[1:], 1):
        np.testing.assert_array_equal(design.matrix()[:, design.names.index(name)], BIRTHS["age"] + at)


def test_names_that_are_no_words_work_everywhere() -> None:
    names = ["my var", "a|b", "x~y", "p+q", "a:b", "é x", "q\"u'o", "b[r]", "blood.pressure", "1st", "<script>"]
    data = pd.DataFrame({name: BIRTHS["age"] + at for at, name in enumerate(names)}).assign(low=BIRTHS["low"])
    design = build_design("low ~ .", data)
    assert design.names == ("Intercept", *(name if name != "a:b" else "`a:b`" for name in names))
    np.testing.assert_array_equal(design.matrix()[:, 1:], data[names])
    again = build_design(design.formula, data)
    assert again.names == design.names


def test_two_columns_of_one_name_are_kept_apart() -> None:
    data = pd.DataFrame({"y": [0, 1] * 4, "x": ["a", "b"] * 4, "x[T.b]": np.arange(8.0)})
    assert build_design("y ~ x + `x[T.b]`", data).names == ("Intercept", "`x`[T.b]", "`x[T.b]`")


def test_terms_tell_levels_reference_and_kind() -> None:
    design = build_design("low ~ age + race + C(race, Treatment('white')):age + C(ftv, Sum) + smokes", BIRTHS)
    by_name = {term.name: term for term in design.terms}
    assert by_name["Intercept"].kind == "intercept"
    assert (by_name["age"].kind, by_name["age"].variables, by_name["age"].levels) == ("numeric", ("age",), ())
    race = by_name["race"]
    assert (race.kind, race.levels, race.reference) == ("categorical", ("black", "other", "white"), "black")
    assert (by_name["C(ftv, Sum)"].reference, by_name["C(ftv, Sum)"].levels) == (None, ("0", "1", "2", "3", "4", "6"))
    assert (by_name["smokes"].levels, by_name["smokes"].reference) == (("False", "True"), "False")
    interaction = by_name["C(race, Treatment('white')):age"]
    assert (interaction.kind, interaction.variables) == ("interaction", ("race", "age"))
    whole = build_design("low ~ 0 + race", BIRTHS).terms[0]
    assert (whole.reference, len(whole.columns)) == (None, 3)
