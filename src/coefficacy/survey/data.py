"""A survey: validated tables by level, as labelled arrays."""
