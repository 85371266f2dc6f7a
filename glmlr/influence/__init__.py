"""What does each row do to a fit? Residuals, leverage, and what the estimates would be without the row."""
