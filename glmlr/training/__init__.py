"""Fitting by the methods of machine learning: gradients, batches of rows, epochs, and how near the maximum they end."""
