"""Predicted classes of any model: how often they are right, how well told apart, and whether the probabilities hold."""
