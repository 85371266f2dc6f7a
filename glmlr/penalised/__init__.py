"""Estimates that maximise a penalised likelihood: Firth's, and ridge regression."""
