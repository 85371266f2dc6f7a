"""Errors: suggestions, lists, and misspelt arguments."""

import pytest

from glmlr import errors


def test_every_error_is_a_glmlr_error_and_a_builtin_one():
    for name in ("ArgumentError", "OptionError", "FormulaError", "DataError", "FitError", "NotApplicable"):
        kind = getattr(errors, name)
        assert issubclass(kind, errors.GlmlrError)
        assert issubclass(kind, (TypeError, ValueError))
    assert issubclass(errors.SourceError, OSError)
    assert issubclass(errors.OutputError, OSError)


def test_suggestion_finds_case_and_typing_errors_only():
    assert errors.suggestion("age", ["Age", "race"]) == "; did you mean 'Age'?"
    assert errors.suggestion("agee", ["age", "race"]) == "; did you mean 'age'?"
    assert errors.suggestion("xyz", ["age", "race"]) == ""


def test_listing_is_cut():
    assert errors.listing([1, 2, 3]) == "1, 2, 3"
    assert errors.listing(range(10), limit=3) == "0, 1, 2 and 7 more"


def test_one_of():
    assert errors.one_of("link", "logit", ["logit", "probit"]) == "logit"
    with pytest.raises(errors.OptionError, match="link='logti' is not one of 'logit', 'probit'; did you mean 'logit'?"):
        errors.one_of("link", "logti", ["logit", "probit"])
    with pytest.raises(errors.OptionError, match="link=3 is not one of"):
        errors.one_of("link", 3, ["logit"])


def test_explained_arguments():
    @errors.explained_arguments
    def draw(x: int, *, width: int = 1) -> int:
        return x * width

    assert draw(2, width=3) == 6
    with pytest.raises(errors.ArgumentError, match=r"draw\(\) has no argument 'widht'; did you mean 'width'?"):
        draw(2, widht=3)
    with pytest.raises(errors.ArgumentError, match="missing a required argument: 'x'"):
        draw()
    with pytest.raises(errors.ArgumentError, match="too many positional"):
        draw(1, 2)
