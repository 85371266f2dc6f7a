"""Which shape does the effect of a number have, and which does the model give it?"""
