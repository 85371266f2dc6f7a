"""Can one watch a logistic regression being trained? `python reports/training.py`.

Walks through two texts on logistic regression, as a network of one layer and from scratch, on real data: what a
straight line gets wrong, why squared error is not used, gradient methods beside Newton's, the L2 penalty,
classification before and after training, and more than two classes. Writes training.html and training.md beside this
file, or into the folder that is named.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import glmlr
from glmlr.digits import text
from glmlr.errors import ConvergenceWarning, SeparationWarning
from glmlr.exhibits import Report, Section, Table

FORMULA = "survived ~ sex + age + passengerClass"
#: Every fourth passenger is held out.
HELD_OUT = 4
SOLVERS = {
    "Newton": {"solver": "newton"},
    "L-BFGS": {"solver": "lbfgs"},
    "gradient, backtracking": {"solver": "gradient", "learning_rate": "backtracking", "epochs": 200},
    "gradient, fixed step": {"solver": "gradient", "learning_rate": 0.5, "epochs": 200},
    "SGD, batches of 32": {
        "solver": "gradient",
        "batch_size": 32,
        "epochs": 40,
        "seed": 1,
        "learning_rate": 0.5,
        "decay": 1.0,
    },
    "RMSprop, batches of 32": {"solver": "rmsprop", "batch_size": 32, "epochs": 40, "seed": 1},
    "Adam, batches of 32": {"solver": "adam", "batch_size": 32, "epochs": 40, "seed": 1},
}
BENCHMARK = Path(__file__).parent / "benchmarks" / "training.csv"


def passengers() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the passengers whose age is known: those to train on, and those held out."""
    data = glmlr.datasets.load("titanic").dropna(subset=["age"]).reset_index(drop=True)
    held_out = np.arange(len(data)) % HELD_OUT == HELD_OUT - 1
    return data[~held_out], data[held_out]


def balanced() -> pd.DataFrame:
    """Give twenty rows of each class, as many on either side of 19.5."""
    x = np.arange(40.0)
    return pd.DataFrame({"x": x, "y": (x > 19.5).astype(int)})


def far_out() -> pd.DataFrame:
    """Give three rows of class 1 far out, which take a straight line's crossing of 1/2 from 19.5 to 24."""
    return pd.DataFrame({"x": [161.0] * 3, "y": [1] * 3})


@dataclass(frozen=True)
class Sentence:
    """A sentence of the texts, the function that does what it says, and the figure."""

    part: str
    says: str
    function: str
    figure: str


def report() -> Report:
    """Do all of it, and put it into one report."""
    with warnings.catch_warnings():
        # Solvers that stop short and iris, which is separated, are the point; the tables say so.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", SeparationWarning)
        parts = [straight_lines(), losses(), training(), penalties(), before_and_after(), classes()]
    sentences = [one for _, said in parts for one in said]
    summary = Section(
        "sentences",
        "What is found here?",
        (_listed(sentences),),
        ("Each sentence of the two texts that asks for something, the function that does it, and its figure.",),
    )
    return Report(
        title="Logistic regression, trained and watched",
        lead=(
            "Two texts teach logistic regression as a network of one layer and from scratch with arrays. What they "
            "tell is done here with the functions that fit any model, on the passengers of the Titanic, the iris of "
            "Anderson and the American National Election Study of 1996.",
            "Every solver ends in the same kind of fit, and says how many standard errors it is from the maximum of "
            "the likelihood. Newton's steps are there after a few passes; the others show what the texts describe.",
        ),
        sections=(summary, *(section for section, _ in parts)),
        formula=FORMULA,
    )


def _listed(sentences: list[Sentence]) -> Table:
    return Table(
        key="sentences",
        title="Sentence by sentence",
        frame=pd.DataFrame([vars(one) for one in sentences]),
        roles=dict.fromkeys(("part", "says", "function", "figure"), "text"),
        labels={"part": "Text", "says": "What it says", "function": "Function", "figure": "Found here"},
    )


# ------------------------------------------------------------------------------------------------ a straight line


def straight_lines() -> tuple[Section, list[Sentence]]:
    """Draw a line through 0 and 1."""
    example = glmlr.linear_probability("y ~ x", balanced(), added=far_out())
    births = glmlr.linear_probability("low ~ lwt", glmlr.datasets.load("birthwt"))
    crossing = example.frame["crossing"]
    outside = [int(example.frame[name].iloc[0]) for name in ("below_zero", "above_one")]
    said = [
        Sentence(
            "network",
            "A straight line through balanced classes crosses 1/2 at 19.5; far-out points of class 1 move it to 24.",
            'linear_probability("y ~ x", data, added=far_out)',
            f"{text(crossing.iloc[0], 'estimate')}, then {text(crossing.iloc[2], 'estimate')}; "
            f"{example.frame['misclassified_given'].iloc[2]} of 40 rows are now on the wrong side.",
        ),
        Sentence(
            "network",
            "Its predictions leave 0 to 1.",
            "linear_probability",
            f"{outside[0]} fitted values below 0 and {outside[1]} above 1 of 40; the S-curve has none.",
        ),
        Sentence(
            "network",
            "The sigmoid stays between 0 and 1 and is turned into classes at 1/2.",
            "fit.predict, fit.confusion(cutoff=0.5)",
            f"Added rows move the S-curve's crossing by {text(crossing.iloc[3] - crossing.iloc[1], 'estimate')}.",
        ),
    ]
    section = Section(
        "line",
        "Why not a straight line?",
        (example, births),
        (
            "Forty rows, twenty of each class, on either side of 19.5; then three more of class 1 at 161. The text's "
            "own points are not printed; these have its crossings, 19.5 and 24.",
            "Below, the same two models of low birth weight by the mother's weight: where the classes overlap, line "
            "and curve differ little in the middle and more at the ends.",
        ),
    )
    return section, said


# ------------------------------------------------------------------------------------------------ losses


def losses() -> tuple[Section, list[Sentence]]:
    """Show both losses over two coefficients."""
    data, _ = passengers()
    fit = glmlr.fit(FORMULA, data)
    over = ("sex[T.male]", "age")
    entropy = fit.loss_surface(over=over, reach=30)
    squared = fit.loss_surface(over=over, loss="squared", reach=30)
    trained = glmlr.train(FORMULA, data, loss="squared")
    smallest = [float(one.frame["smallest_eigenvalue"].min()) for one in (entropy, squared)]
    said = [
        Sentence(
            "network",
            "Squared error is not convex here; binary cross-entropy is.",
            'fit.loss_surface(over=..., loss="squared")',
            f"Smallest eigenvalue of the Hessian on the grid: {text(smallest[0], 'estimate')} for cross-entropy, "
            f"{text(smallest[1], 'estimate')} for squared error.",
        ),
        Sentence(
            "scratch",
            "The logistic loss of the predictions.",
            "fit.loglik, fit.trace",
            f"{text(-fit.loglik / fit.nobs, 'estimate')} a row at the maximum of the likelihood.",
        ),
    ]
    section = Section(
        "losses",
        "Why not squared error?",
        (entropy.table, squared.table, trained.table),
        (
            "The same two coefficients, 30 standard errors around their estimates. Contours of cross-entropy are those "
            "of a bowl. Squared error has plains on which its gradient vanishes far from any minimum.",
        ),
    )
    return section, said


# ------------------------------------------------------------------------------------------------ training


def training() -> tuple[Section, list[Sentence]]:
    """Compare solvers, and stop one early."""
    data, _ = passengers()
    compared = glmlr.compare_solvers(FORMULA, data, solvers=SOLVERS)
    watched = glmlr.fit(
        FORMULA,
        data,
        solver="adam",
        batch_size=32,
        epochs=60,
        learning_rate=0.01,
        seed=1,
        validation_share=0.2,
        patience=5,
    )
    trace = watched.trace
    rows = compared.table.frame.set_index("solver")
    best = int(trace["validation_loss"].idxmin())
    said = [
        Sentence(
            "network",
            "Trained by SGD, RMSprop and Adam on mini-batches.",
            "compare_solvers(formula, data, solvers=...)",
            "; ".join(
                f"{name} {text(rows.loc[name, 'distance'], 'estimate')} standard errors from the maximum"
                for name in rows.index
                if "batches" in name
            )
            + ".",
        ),
        Sentence(
            "network",
            "Validation loss beside training loss.",
            'fit(..., solver="adam", validation_share=0.2, patience=5).convergence()',
            f"Lowest held-out loss {text(trace['validation_loss'].min(), 'estimate')} at epoch "
            f"{int(trace['epoch'].iloc[best] if 'epoch' in trace else trace['iteration'].iloc[best])}.",
        ),
        Sentence(
            "scratch",
            "A gradient, a learning rate, a loop until it has converged; the loss history.",
            'fit(..., solver="gradient").trace',
            f"{text(rows.loc['gradient, backtracking', 'iterations'], 'count')} steps with backtracking to "
            f"{text(rows.loc['gradient, backtracking', 'distance'], 'estimate')} standard errors; Newton takes "
            f"{text(rows.loc['Newton', 'iterations'], 'count')}.",
        ),
        *_huge(),
    ]
    section = Section(
        "training",
        "How is it trained?",
        (compared.table, watched.convergence()),
        (
            "Loss above that of the maximum, against steps and against passes over the rows. Batches come near quickly "
            "and then wander, for each batch pulls elsewhere; steps over all rows go on to the end.",
            "Below, Adam with a fifth of the rows held out, which says when to stop.",
        ),
    )
    return section, said


def _huge() -> Iterator[Sentence]:
    """Say what was measured of Adam on many rows."""
    if not BENCHMARK.exists():
        return
    measured = pd.read_csv(BENCHMARK).set_index("solver")
    words = [
        f"{name} {row['seconds']:.1f} s" + ("" if row["reached"] else " without getting there")
        for name, row in measured.iterrows()
    ]
    first = measured[measured["reached"]]["seconds"].idxmin()
    yield Sentence(
        "network",
        "For a huge data set use Adam.",
        'fit("files/*.parquet", solver="adam", polish=True)',
        f"To within 1e-6 of the lowest mean loss of {int(measured['rows'].iloc[0]):,} rows read in parts: "
        f"{'; '.join(words)}. Soonest: {first}.",
    )


# ------------------------------------------------------------------------------------------------ penalty, F1


def penalties() -> tuple[Section, list[Sentence]]:
    """Shrink by the L2 penalty."""
    data, _ = passengers()
    path = glmlr.ridge_path(FORMULA, data, strengths=np.geomspace(0.01, 3000.0, 17), seed=1)
    strong = glmlr.fit(FORMULA, data, penalty="ridge", strength=1e6)
    plain, none = glmlr.fit(FORMULA, data), glmlr.fit(FORMULA, data, penalty="ridge", strength=0.0)
    slopes = [float(np.abs(one.params.to_numpy()[1:]).max()) for one in (plain, none, strong)]
    said = [
        Sentence(
            "scratch",
            "An L2 penalty: lambda = 0 removes it, a large lambda shrinks.",
            'fit(..., penalty="ridge", strength=lambda)',
            f"Largest slope {text(slopes[1], 'estimate')} at 0 (without penalty {text(slopes[0], 'estimate')}), "
            f"{text(slopes[2], 'estimate')} at 1e6; cross-validation chooses {text(path.strength, 'estimate')}.",
        )
    ]
    return Section("penalty", "What does the L2 penalty do?", (path.table,)), said


def before_and_after() -> tuple[Section, list[Sentence]]:
    """Classify passengers held out by the coefficients before training and after."""
    data, held_out = passengers()
    fit = glmlr.fit(FORMULA, data, solver="gradient", learning_rate="backtracking", epochs=2000, tolerance=1e-8)
    table = glmlr.before_after(fit, held_out)
    macro = table.frame[table.frame["class"] == "macro"]["f1"].to_list()
    said = [
        Sentence(
            "scratch",
            "Average F1 before and after training, on rows held out (0.15, then 0.99, on data that are not at hand).",
            "before_after(fit, held_out)",
            f"{text(macro[0], 'probability')}, then {text(macro[1], 'probability')}, on {len(held_out)} passengers.",
        )
    ]
    section = Section(
        "before",
        "What has it learnt?",
        (table,),
        (f"Every fourth passenger was held out: {len(held_out)} of {len(held_out) + len(data):,}.",),
    )
    return section, said


# ------------------------------------------------------------------------------------------------ classes


def classes() -> tuple[Section, list[Sentence]]:
    """Fit three and seven classes."""
    iris = glmlr.fit(
        "species ~ sepal_length + sepal_width",
        glmlr.datasets.load("iris"),
        family="multinomial",
        reference="versicolor",
    )
    votes = glmlr.fit(
        "PID ~ selfLR + age + educ + income", glmlr.datasets.load("anes96"), family="multinomial", reference=0
    )
    area = iris.roc()
    said = [
        Sentence(
            "network",
            "More than two classes: a softmax and categorical cross-entropy.",
            'fit(..., family="multinomial")',
            f"iris: log-likelihood {text(iris.loglik, 'loglik')}; votes (7 classes): {text(votes.loglik, 'loglik')}.",
        )
    ]
    section = Section(
        "classes",
        "More than two classes?",
        (
            iris.coefficients(),
            iris.confusion(),
            area,
            iris.classification_report(),
            votes.term_tests(),
            votes.relative_risk_ratios(),
            votes.goodness_of_fit(),
        ),
        (
            "Three kinds of iris by their sepals, and party identification, in seven steps, by where people place "
            "themselves between left and right, age, education and income.",
        ),
    )
    return section, said


def main() -> None:
    """Write the report, in HTML and in Markdown."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    document = report()
    for ending in ("html", "md"):
        document.write(folder / f"training.{ending}")


if __name__ == "__main__":
    main()
