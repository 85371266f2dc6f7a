"""What does a user of the terminal see? The command `glmlr`: fit, report, and every statistic by name."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

import glmlr
from glmlr.binning import METHODS
from glmlr.errors import GlmlrError, OptionError, ResponseError, one_of
from glmlr.registry import SECTIONS, STATISTICS
from glmlr.render import checked_place
from glmlr.saving.model_file import ENDINGS as MODEL_ENDINGS
from glmlr.saving.model_file import load, save
from glmlr.saving.output_files import place_for
from glmlr.saving.scoring import score as score_to_file

app = typer.Typer(
    name="glmlr",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

DATA_HELP = "A CSV or Parquet file, or the name of a data set that comes along (see `glmlr data`)."
FORMULA_HELP = 'For example "low ~ age + lwt + C(race) + smoke", "released ~ .", "deaths + survivors ~ dose".'

Data = Annotated[str, typer.Argument(help=DATA_HELP, show_default=False)]
Formula = Annotated[str, typer.Argument(help=FORMULA_HELP, show_default=False)]
FamilyOption = Annotated[
    str, typer.Option("--family", help="binomial, or multinomial for a response of three or more classes.")
]
ReferenceOption = Annotated[
    str | None, typer.Option("--reference", help="The class that each other one is compared with (multinomial).")
]
LinkOption = Annotated[str, typer.Option("--link", help="logit, probit or cloglog.")]
EventOption = Annotated[
    str | None, typer.Option("--event", help="The value of the response that is the event, for values other than 0/1.")
]
FrequencyOption = Annotated[str | None, typer.Option("--freq-weights", help="Column of counts: rows stand for many.")]
ClassOption = Annotated[
    str | None,
    typer.Option(
        "--class-weight",
        help='"balanced", non-event to event "1:100" (or "1/100:1"), or a weight for each class: "no:1,yes:100".',
    ),
]
SampleOption = Annotated[str | None, typer.Option("--sample-weight", help="Column of importance weights.")]
OffsetOption = Annotated[str | None, typer.Option("--offset", help="Column that is added to the linear predictor.")]
RobustOption = Annotated[str | None, typer.Option("--robust", help="HC0, HC1, HC2 or HC3 standard errors.")]
ClusterOption = Annotated[str | None, typer.Option("--cluster", help="Column of clusters for standard errors.")]
SolverOption = Annotated[str, typer.Option("--solver", help="newton, statsmodels, lbfgs, gradient, rmsprop or adam.")]
PenaltyOption = Annotated[
    str | None,
    typer.Option("--penalty", help="firth, flic or flac for finite estimates of little bias; ridge to shrink."),
]
StrengthOption = Annotated[float | None, typer.Option("--strength", help="Of --penalty ridge, at least 0.")]
FormatOption = Annotated[str, typer.Option("--format", help="text, markdown, html, latex or csv.")]
WeightsOption = Annotated[str | None, typer.Option("--freq-weights", help="Column of counts.")]


@app.callback(invoke_without_command=True)
def glmlr_command(
    version: Annotated[bool, typer.Option("--version", help="Show the version and stop.")] = False,
) -> None:
    """Binomial models (logit, probit, cloglog) from a formula to a finished report.

    **Start here**

    - `glmlr report birthwt "low ~ age + lwt + C(race) + smoke" -o birthwt.html`

    - `glmlr fit mydata.csv "bought ~ age + C(region)" --event yes`

    - `glmlr fit iris "species ~ sepal_length" --family multinomial --reference versicolor`

    - `glmlr table titanic survived age --bins 6`

    - `glmlr show odds_ratios birthwt "low ~ lwt + smoke"`

    - `glmlr fit birthwt "low ~ age + lwt" --save model.json`, then `glmlr score model.json new.csv -o scores.csv`

    The response may have any two values; `--event` says which one is modelled.
    """
    if version:
        typer.echo(f"glmlr {glmlr.__version__}")
        raise typer.Exit


@app.command()
def report(
    data: Data,
    formula: Formula,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write: .html or .md.")] = Path("report.html"),
    title: Annotated[str | None, typer.Option("--title", help="Heading of the report.")] = None,
    sections: Annotated[
        str | None, typer.Option("--sections", help=f"Only these, with commas between: {', '.join(SECTIONS)}.")
    ] = None,
    validate: Annotated[
        int, typer.Option("--validate", help="Correct for optimism by so many bootstrap resamples (200, say).", min=0)
    ] = 0,
    extra: Annotated[
        str | None,
        typer.Option("--extra", help="Statistics that are not shown by default, with commas between, such as det,ks."),
    ] = None,
    family: FamilyOption = "binomial",
    link: LinkOption = "logit",
    event: EventOption = None,
    reference: ReferenceOption = None,
    freq_weights: FrequencyOption = None,
    class_weight: ClassOption = None,
    sample_weight: SampleOption = None,
    offset: OffsetOption = None,
    robust: RobustOption = None,
    cluster: ClusterOption = None,
    solver: SolverOption = "newton",
    penalty: PenaltyOption = None,
    strength: StrengthOption = None,
) -> None:
    """Fit a model and write the full report."""
    checked_place(output)
    if family == "multinomial" and (validate or extra):
        raise OptionError("--validate and --extra are of binomial models; leave them out with --family multinomial.")
    fitted = _fit(
        data, formula, event, class_weight, family=family, link=link, reference=reference, freq_weights=freq_weights,
        sample_weight=sample_weight, offset=offset, robust=robust, cluster=cluster, solver=solver,
        penalty=penalty, strength=strength,
    )  # fmt: skip
    wanted, more = ([] if names is None else [part.strip() for part in names.split(",")] for names in (sections, extra))
    options: dict[str, Any] = {"title": title, "sections": wanted or None}
    if family != "multinomial":
        options["validation"] = (glmlr.validate(fitted, bootstraps=validate),) if validate else ()
        options["extra"] = more
    with _working("Writing the report"):
        path = fitted.report(str(output), **options)
    typer.echo(path)


@app.command()
def fit(
    data: Data,
    formula: Formula,
    family: FamilyOption = "binomial",
    link: LinkOption = "logit",
    event: EventOption = None,
    reference: ReferenceOption = None,
    freq_weights: FrequencyOption = None,
    class_weight: ClassOption = None,
    sample_weight: SampleOption = None,
    offset: OffsetOption = None,
    robust: RobustOption = None,
    cluster: ClusterOption = None,
    solver: SolverOption = "newton",
    penalty: PenaltyOption = None,
    strength: StrengthOption = None,
    save_to: Annotated[
        Path | None, typer.Option("--save", help="Keep the model, without its data, in a .json file for `glmlr score`.")
    ] = None,
) -> None:
    """Fit a model and print its summary."""
    if save_to is not None:
        place_for("model", save_to, MODEL_ENDINGS)
    fitted = _fit(
        data, formula, event, class_weight, family=family, link=link, reference=reference, freq_weights=freq_weights,
        sample_weight=sample_weight, offset=offset, robust=robust, cluster=cluster, solver=solver,
        penalty=penalty, strength=strength,
    )  # fmt: skip
    if save_to is not None:
        save(fitted, save_to)
    typer.echo(str(fitted.summary()))


@app.command()
def score(
    model: Annotated[Path, typer.Argument(help="What `glmlr fit ... --save` wrote.", show_default=False)],
    data: Annotated[str, typer.Argument(help="The rows to score. " + DATA_HELP, show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write the scores: .csv or .parquet.")] = Path(
        "scores.csv"
    ),
    keep: Annotated[
        str | None, typer.Option("--keep", help="Columns to write beside the scores, with commas between: id,region.")
    ] = None,
    interval: Annotated[
        float | None, typer.Option("--interval", help="Columns low and high as well, for a level such as 0.95.")
    ] = None,
    kind: Annotated[
        str, typer.Option("--kind", help="probability, link for the linear predictor, or class (multinomial).")
    ] = "probability",
    scale: Annotated[
        str, typer.Option("--scale", help="corrected for class weights, or weighted as they made it.")
    ] = "corrected",
    prevalence: Annotated[
        float | None,
        typer.Option("--prevalence", help="Share of events in the population, of rows drawn by outcome: 0.02."),
    ] = None,
    unknown: Annotated[
        str, typer.Option("--unknown", help="A level the fit has not seen is an error, nan (no score), or reference.")
    ] = "error",
) -> None:
    """Score the rows of a file with a saved model, however many they are."""
    kept = [] if keep is None else [name.strip() for name in keep.split(",")]
    with _working("Scoring"):
        account = score_to_file(
            load(model), _data(data), output, keep=kept, interval=interval, kind=kind, scale=scale,
            prevalence=prevalence, unknown=unknown,
        )  # fmt: skip
    typer.echo(account.sentence)


@app.command()
def show(
    statistic: Annotated[str, typer.Argument(help="Which one; `glmlr statistics` lists them.", show_default=False)],
    data: Data,
    formula: Formula,
    format: FormatOption = "text",  # noqa: A002 - the name of the option
    link: LinkOption = "logit",
    event: EventOption = None,
    freq_weights: FrequencyOption = None,
    class_weight: ClassOption = None,
    sample_weight: SampleOption = None,
    offset: OffsetOption = None,
    robust: RobustOption = None,
    cluster: ClusterOption = None,
) -> None:
    """Fit a model and print one statistic of it."""
    one_of("statistic", statistic, STATISTICS)
    one_of("--format", format, _FORMATS)
    fitted = _fit(
        data, formula, event, class_weight, link=link, freq_weights=freq_weights, sample_weight=sample_weight,
        offset=offset, robust=robust, cluster=cluster,
    )  # fmt: skip
    _print(STATISTICS[statistic].function(fitted), format)


@app.command()
def table(
    data: Data,
    response: Annotated[str, typer.Argument(help="The response, or two columns of counts: 'dead + alive'.")],
    predictor: Annotated[str, typer.Argument(help="The column to tabulate.")],
    bins: Annotated[str | None, typer.Option("--bins", help="A number of bins, or edges with commas between.")] = None,
    method: Annotated[str | None, typer.Option("--method", help=f"How edges are found: {', '.join(METHODS)}.")] = None,
    min_share: Annotated[
        float | None, typer.Option("--min-share", help="The least share of the rows in a bin cut by outcome (0.05).")
    ] = None,
    rare: Annotated[
        float | None, typer.Option("--rare", help="Levels that hold a smaller share of the rows are pooled.")
    ] = None,
    special: Annotated[
        str | None, typer.Option("--special", help="Values with rows of their own, with commas between: -999,-1.")
    ] = None,
    log_base: Annotated[str, typer.Option("--log-base", help="natural or 10.")] = "natural",
    event: EventOption = None,
    freq_weights: WeightsOption = None,
    format: FormatOption = "text",  # noqa: A002 - the name of the option
) -> None:
    """Print the log-odds table of one predictor, before any model."""
    one_of("--format", format, _FORMATS)
    options: dict[str, Any] = {"freq_weights": freq_weights, "log_base": log_base}
    if bins is not None:
        options["bins"] = _bins(bins)
    given = {"method": method, "min_share": min_share, "rare": rare}
    options |= {name: value for name, value in given.items() if value is not None}
    if special is not None:
        options["special"] = [_number_or_text(value.strip()) for value in special.split(",")]
    rows = _data(data)
    _print(
        _by_event(lambda chosen: glmlr.log_odds_table(rows, response, predictor, event=chosen, **options), event),
        format,
    )


def _number_or_text(value: str) -> float | str:
    try:
        return float(value)
    except ValueError:
        return value


@app.command()
def statistics() -> None:
    """List every statistic with the section of the report it belongs to."""
    for section, (heading, _) in SECTIONS.items():
        records = [record for record in STATISTICS.values() if record.section == section]
        if records:
            typer.echo(heading)
        for record in records:
            typer.echo(f"  {record.key:<20} {record.title}")


@app.command()
def definitions() -> None:
    """List every quantity with its definition and source."""
    for item in glmlr.definitions():
        typer.echo(f"{item.name}\n    {item.meaning}\n    [{item.reference}]")


@app.command()
def data() -> None:
    """List the data sets that come along."""
    for name in glmlr.datasets.names():
        frame = glmlr.datasets.load(name)
        typer.echo(f"{name:<15} {len(frame):>6,} rows   {', '.join(frame.columns)}")


# ------------------------------------------------------------------------------------------------ from words to calls

#: Numbers or fractions with colons between, and no comma: the weight of a non-event to that of an event.
_RATIO = re.compile(r"[-+.\d/eE\s]+(:[-+.\d/eE\s]+)+")
_FORMATS = ("text", "markdown", "html", "latex", "csv")


def _print(result: Any, format: str) -> None:  # noqa: A002
    if format == "csv":
        typer.echo(result.frame.to_csv(index=False), nl=False)
    elif format == "text":
        typer.echo(str(result))
    else:
        typer.echo(getattr(result, f"to_{format}")())


def _data(name: str) -> Any:
    """Give a data set that comes along by its name, else the path."""
    if not Path(name).exists() and name in glmlr.datasets.names():
        return glmlr.datasets.load(name)
    return name


def _fit(data: str, formula: str, event: str | None, class_weight: str | None, **options: Any) -> glmlr.Fit:
    rows = _data(data)
    weight = None if class_weight is None else _class_weight(class_weight)
    with _working("Reading and fitting"):
        return _by_event(lambda chosen: glmlr.fit(formula, rows, event=chosen, class_weight=weight, **options), event)  # type: ignore[no-any-return]


def _by_event(call: Any, event: str | None) -> Any:
    """Call with the event as it was typed; where that is no value of the response, as a number."""
    if event is None:
        return call(None)
    try:
        return call(event)
    except ResponseError:
        number = _number(event)
        if number is None:
            raise
        return call(number)


def _number(word: str) -> float | int | None:
    try:
        value = float(word)
    except ValueError:
        return None
    return int(value) if value.is_integer() else value


def _class_weight(words: str) -> str | dict[Any, float]:
    """Read "balanced", the ratio "1:100", or "0:1,1:100"."""
    if ":" not in words or _RATIO.fullmatch(words):
        return words
    weights: dict[Any, float] = {}
    for part in words.split(","):
        label, _, weight = part.rpartition(":")
        value = _number(weight)
        if value is None:
            raise OptionError(f'--class-weight {words!r} is not of the form "label:weight,label:weight".')
        number = _number(label.strip())
        weights[label.strip() if number is None else number] = float(value)
    return weights


def _bins(words: str) -> int | list[float]:
    numbers = [_number(part) for part in words.split(",")]
    if any(number is None for number in numbers):
        raise OptionError(f"--bins {words!r} is neither a number of bins nor edges with commas between.")
    values = [float(number) for number in numbers if number is not None]
    return int(values[0]) if len(values) == 1 else values


@contextmanager
def _working(what: str) -> Iterator[None]:
    """Show on a terminal that work is going on; a pipe sees nothing of it."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what + " ..."):
        yield


def main() -> None:
    """Run the command: errors are one sentence on standard error and exit code 2."""
    warnings.showwarning = lambda message, *_rest: typer.echo(f"glmlr: {message}", err=True)
    try:
        app()
    except GlmlrError as problem:
        typer.echo(f"glmlr: {problem}", err=True)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        typer.echo("glmlr: interrupted; nothing was written.", err=True)
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
