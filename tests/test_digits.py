"""How is a number printed? Laws (never rounded to zero, never to one) and texts counted by hand."""

import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glmlr.digits import INFINITY, MISSING, NUMERIC, ROLES, column_texts, text

# Rounding done by hand.
BY_HAND = [
    (7e-5, "estimate", "7.00e-05"),
    (-7e-5, "estimate", "-7.00e-05"),
    (0.00123, "estimate", "0.0012"),
    (-1234.5, "estimate", "-1,234.5000"),
    (2.5e7, "estimate", "2.5000e+07"),
    (0.0, "estimate", "0.0000"),
    (-0.0, "estimate", "0.0000"),
    (0.0366, "std_error", "0.0366"),
    (3.84146, "statistic", "3.841"),
    (0.004, "statistic", "4.00e-03"),
    (234567891.2345, "loglik", "234,567,891.234"),
    (2.5549, "ratio", "2.555"),
    (0.0003, "ratio", "3.00e-04"),
    (1.0, "ratio", "1.000"),
    (1.00002149, "ratio", "1.00002"),
    (0.99996, "ratio", "0.99996"),
    (1.0006, "ratio", "1.001"),
    (0.25, "probability", "0.2500"),
    (0.0002, "probability", "2.00e-04"),
    (0.99999, "probability", ">0.9999"),
    (1.0, "probability", "1.0000"),
    (0.0, "probability", "0.0000"),
    (0.312, "percent", "31.2%"),
    (0.0004, "percent", "0.04%"),
    (0.9999, "percent", ">99.9%"),
    (1.0, "percent", "100.0%"),
    (-0.0, "percent", "0.0%"),
    (12.5, "percent", "1,250.0%"),
    (0.04131, "p_value", "0.0413"),
    (0.00012, "p_value", "1.2e-04"),
    (1e-299, "p_value", "1.0e-299"),
    (9.9e-301, "p_value", "<1e-300"),
    (0.0, "p_value", "<1e-300"),
    (0.99998, "p_value", ">0.9999"),
    (1.0, "p_value", "1.0000"),
    (7670, "count", "7,670"),
    (7670.0, "count", "7,670"),
    (19.5, "count", "19.50"),
    (0.001, "count", "1.0e-03"),
    (2**53 + 1, "count", "9,007,199,254,740,993"),
    (np.int64(2**53 + 1), "measure", "9,007,199,254,740,993"),
    (8.0, "integer", "8"),
    (7.34, "integer", "7.3400"),
    (12345, "integer", "12345"),
    (189.0, "measure", "189"),
    (0.7477, "measure", "0.7477"),
    (1.3e-4, "measure", "1.30e-04"),
    (True, "flag", "yes"),
    (np.True_, "flag", "yes"),
    (1.0, "flag", "yes"),
    (False, "flag", ""),
    (0, "flag", ""),
    (3.0, "text", "3.0"),
    ("aliased", "estimate", "aliased"),
]


@pytest.mark.parametrize(("value", "role", "printed"), BY_HAND)
def test_one_value(value, role, printed):
    assert text(value, role) == printed


@pytest.mark.parametrize("missing", [None, math.nan, np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT")])
@pytest.mark.parametrize("role", sorted(set(ROLES) - {"flag"}))
def test_missing_is_a_dash(missing, role):
    assert text(missing, role) == MISSING
    assert text(missing, "flag") == ""


@pytest.mark.parametrize("role", sorted(NUMERIC))
def test_infinity_has_a_sign(role):
    assert text(math.inf, role) == INFINITY
    assert text(-math.inf, role) == "-" + INFINITY


def _read(printed: str) -> float:
    """Read a printed number back; a bound is read as the bound."""
    share = printed.endswith("%")
    number = float(re.sub("[<>,%]", "", printed))
    return number / 100 if share else number


FINITE = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)


@given(FINITE, st.sampled_from(sorted(NUMERIC - {"p_value", "probability"})))
def test_no_role_prints_a_number_as_zero_or_with_the_other_sign(number, role):
    assert math.copysign(1, _read(text(number, role))) == math.copysign(1, number + 0.0)
    assert (_read(text(number, role)) == 0) == (number == 0)


@given(st.floats(0, 1), st.sampled_from(["p_value", "probability", "percent"]))
def test_what_is_inside_the_unit_interval_never_prints_as_its_end(number, role):
    printed = text(number, role)
    assert (_read(printed) == 1) == (number == 1)
    assert (_read(printed) == 0) == (number == 0 and role != "p_value")


@given(st.floats(1e-300, 1), st.floats(1e-300, 1))
def test_p_values_keep_their_order(first, second):
    low, high = sorted((first, second))
    assert _read(text(low, "p_value")) <= _read(text(high, "p_value"))


@given(FINITE)
def test_an_estimate_is_printed_to_half_a_unit_of_its_last_place(number):
    # 4 decimals, or 3 significant digits below 1e-3, or 5 from 1e7 on.
    bound = 0.5e-4 if 1e-3 <= abs(number) < 1e7 else 0.5e-2 * abs(number)
    assert abs(_read(text(number, "estimate")) - number) <= bound * (1 + 1e-9)


def test_a_column_of_counts_with_one_weighted_count_has_decimals_everywhere():
    assert column_texts([12, 3.5, math.nan, 0], "count") == ["12.00", "3.50", MISSING, "0.00"]
    assert column_texts([12, 3, pd.NA], "count") == ["12", "3", MISSING]
    assert column_texts([0.001, 2], "count") == ["1.0e-03", "2.00"]


def test_a_column_of_fractional_degrees_of_freedom_has_decimals_everywhere():
    assert column_texts([7.34, 8.0], "integer") == ["7.3400", "8.0000"]


@given(st.lists(FINITE, max_size=5), st.sampled_from(sorted(set(NUMERIC) - {"count", "integer"})))
def test_other_columns_are_their_values_one_by_one(values, role):
    assert column_texts(values, role) == [text(value, role) for value in values]
