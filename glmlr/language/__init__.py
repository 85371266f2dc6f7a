"""How is a formula read and evaluated? Its words, its terms, and what they call."""
