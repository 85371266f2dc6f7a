"""How far can a coefficient go before the data object? Profile likelihoods and the ends of their intervals."""
