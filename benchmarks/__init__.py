"""Is glmlr as fast as it says? Cases, each a ratio to a peer measured in one run: `python -m benchmarks.run`."""
