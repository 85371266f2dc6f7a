"""How does a fitted model outlive its data? A file of plain numbers, and scores from it."""
