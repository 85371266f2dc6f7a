"""Which terms does a search leave in a model?"""
