"""More than two classes: the multinomial logit, from a formula and rows to tables, charts and a report."""
