"""The package of a fixed commit, asked the same questions as the package of this tree.

See ``compare.py``, which is the command.
"""
