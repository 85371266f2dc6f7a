"""Exhibits of one predictor alone: its log-odds table, what is drawn of it, and how its rows compare."""
