"""What separates the rows? Cells of one outcome, thresholds of single numbers, and combinations of several columns.

Separation says that some direction tells rows apart without error. Most often one glance at the data explains it: all
rows of a level, or of a cell of an interaction, have one outcome, or one number tells the outcomes apart. Such causes
are looked for term by term, the simplest first; what is left is told apart by several columns together.
"""

from glmlr.separating.groups import FIRST_ROWS, Group, groups_of
from glmlr.separating.sentences import labels_of, said_of

__all__ = ["FIRST_ROWS", "Group", "groups_of", "labels_of", "said_of"]
