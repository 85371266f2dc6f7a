"""Has a model drifted? Stability of scores and predictors, slice by slice."""
