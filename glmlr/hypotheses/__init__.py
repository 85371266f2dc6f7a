"""What is tested of a fitted model? Terms, linear combinations of coefficients, levels of a factor."""
