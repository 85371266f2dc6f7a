"""What does a predictor do to the probability of the event? Rows as they would be, and averages over them."""
