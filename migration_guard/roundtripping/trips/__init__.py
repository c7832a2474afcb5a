"""Revisions up, down and up again: which, in which order, on which database, and what was seen. Judges nothing."""
