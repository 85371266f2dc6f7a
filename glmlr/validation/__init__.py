"""How will a model do on other rows? Rows held out, and fits to the rest."""
