"""Workers of a Dask cluster give the fit of one machine, also when one of them dies on the way."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import glmlr
from glmlr.errors import ArgumentError, DataError, SourceError

pytestmark = pytest.mark.slow
distributed = pytest.importorskip("distributed", reason="Dask is not installed")

N = 20_000


def rows() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"x": rng.normal(size=N), "z": rng.gamma(2, size=N), "g": rng.choice(list("cab"), N)})
    data["y"] = (rng.random(N) < 1 / (1 + np.exp(-(data.x - 0.5 * data.z + (data.g == "b"))))).astype(int)
    data.loc[::97, "x"] = np.nan
    return data


DATA = rows()
FORMULA = "y ~ x + np.log(z) + g"


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with warnings.catch_warnings():
        # What Dask and its event loop warn of is not ours.
        warnings.simplefilter("ignore")
        cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
        with cluster, distributed.Client(cluster) as found:
            yield found


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("files")
    for at in range(8):
        DATA.iloc[at * 2500 : (at + 1) * 2500].to_parquet(where / f"{at}.parquet", index=False)
    return where


def same(one: glmlr.Fit, other: glmlr.Fit) -> None:
    assert one.names == other.names
    np.testing.assert_allclose(one.params, other.params, rtol=1e-12)
    np.testing.assert_allclose(one.bse, other.bse, rtol=1e-12)
    assert one.loglik == pytest.approx(other.loglik, rel=1e-13)
    assert one.nobs == other.nobs


@pytest.mark.parametrize("options", [{}, {"link": "probit"}, {"class_weight": "balanced"}, {"robust": "HC1"}])
def test_a_dask_frame_gives_the_fit_of_one_machine(client: Any, options: dict[str, Any]) -> None:
    import dask.dataframe as dd

    frame = dd.from_pandas(DATA, npartitions=7)
    same(glmlr.fit(FORMULA, frame, **options), glmlr.fit(FORMULA, DATA, **options))


def test_files_are_read_by_the_workers(client: Any, files: Path) -> None:
    there = glmlr.fit(FORMULA, f"{files}/*.parquet", cluster=client)
    here, whole = glmlr.fit(FORMULA, f"{files}/*.parquet"), glmlr.fit(FORMULA, DATA)
    same(there, here)
    same(there, whole)
    pd.testing.assert_frame_equal(there.association().frame, whole.association().frame, rtol=1e-10)


def test_transforms_learn_on_the_workers(client: Any, files: Path) -> None:
    formula = "y ~ center(x) + bs(z, df=4) + C(g, Sum)"
    same(glmlr.fit(formula, str(files), cluster=client), glmlr.fit(formula, DATA))


def test_progress_comes_from_the_workers(client: Any, files: Path) -> None:
    ended = []
    glmlr.fit(FORMULA, f"{files}/*.parquet", cluster=client, progress=lambda step: step.ended and ended.append(step))
    assert {step.rows for step in ended} == {N}


def test_a_worker_that_dies_costs_a_retry(client: Any, files: Path, tmp_path: Path) -> None:
    """The first part that is scored in a child process ends that process at once, as a lost machine would."""
    mark, home = tmp_path / "died", os.getpid()

    def deadly(values: pd.Series) -> pd.Series:
        if os.getpid() != home and not mark.exists():
            mark.touch()
            os._exit(1)
        return values * 1.0

    found = glmlr.fit("y ~ deadly(x)", f"{files}/*.parquet", cluster=client, functions={"deadly": deadly})
    assert mark.exists()
    np.testing.assert_allclose(found.params, glmlr.fit("y ~ x", DATA).params, rtol=1e-12)


def test_what_is_wrong_with_the_rows_is_said_as_on_one_machine(client: Any) -> None:
    import dask.dataframe as dd

    with pytest.raises(DataError, match="column 'nope' not found"):
        glmlr.fit("y ~ nope", dd.from_pandas(DATA, npartitions=3))
    broken = DATA.assign(x=DATA.x.where(DATA.index != 19_000, np.inf))
    with pytest.raises(DataError, match="'x' is infinite in 1 of"):
        glmlr.fit("y ~ x", dd.from_pandas(broken, npartitions=3))


def test_workers_cannot_reach_into_the_memory_of_this_process(client: Any) -> None:
    with pytest.raises(ArgumentError, match="give a dask.dataframe, or the path of files"):
        glmlr.fit("y ~ x", DATA, cluster=client)


def test_a_cluster_that_is_gone_is_said() -> None:
    import dask.dataframe as dd

    from glmlr.sources.cluster import rows_of_frame

    class Gone:
        def submit(self, *_: Any, **__: Any) -> Any:
            raise OSError("Timed out trying to connect to tcp://10.0.0.1:8786")

    parts = rows_of_frame(dd.from_pandas(DATA, npartitions=2), Gone())
    with pytest.raises(SourceError, match="The cluster could not read a dask.dataframe of 2 parts: Timed out"):
        glmlr.fit("y ~ x", parts)
