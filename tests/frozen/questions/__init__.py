"""The questions, a module for each area."""
