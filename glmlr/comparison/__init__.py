"""What do several models of the same rows say beside each other?"""
