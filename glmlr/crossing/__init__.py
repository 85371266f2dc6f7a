"""What do two predictors say together? Where rows fall, and tests over the cells."""
