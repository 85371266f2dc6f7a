"""Where do the tests find a PostgreSQL? One of their own, in a directory of its own, for as long as they run."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Where it must be there (.ci/run installs it and says so), a missing PostgreSQL is a failure and no skip.
REQUIRED = os.environ.get("GLMLR_TESTS_NEED_POSTGRES") == "1"


def programs() -> Path | None:
    """Give the directory of initdb and pg_ctl, the newest where there are several; None where there is none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name.split(".")[0]))
    on_path = shutil.which("initdb")
    candidates = [*([Path(on_path).resolve().parent] if on_path else []), *reversed(debian)]
    return next((path for path in candidates if (path / "initdb").exists() and (path / "pg_ctl").exists()), None)


def user() -> str | None:
    """Name whom the server runs as: it refuses root, who lends it to another; None for oneself."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


@contextmanager
def server(binaries: Path) -> Iterator[str]:
    """Start a server that listens on a socket in a temporary directory only; give what to connect to."""
    # The path of a socket has at most 107 letters, which pytest's own directories use up.
    place = Path(tempfile.mkdtemp(prefix="glmlr-", dir="/tmp"))
    owner = user()
    if owner is not None:
        shutil.chown(place, owner)

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [binaries / program, *arguments], cwd=place, user=owner, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{program} failed: {done.stderr or done.stdout}"

    rows = str(place / "rows")
    settings = f"-k {place} -c listen_addresses='' -c fsync=off -c max_connections=10 -c shared_buffers=16MB"
    try:
        run("initdb", "-D", rows, "-U", "glmlr", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        run("pg_ctl", "-D", rows, "-w", "-s", "-l", str(place / "log"), "-o", settings, "start")
        try:
            yield f"host={place} user=glmlr dbname=postgres"
        finally:
            run("pg_ctl", "-D", rows, "-w", "-s", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(place, ignore_errors=True)
