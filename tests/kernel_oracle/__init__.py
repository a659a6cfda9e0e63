"""The kernel as oracle of ``portranges.reuse``.

``steps`` defines the calls that both sides run, as records and as text. ``generate`` makes
sequences of them, called scripts. ``kernel`` runs the scripts with real sockets, and ``model`` with
PortTable. ``campaign`` compares the answers; ``record`` stores them for machines without root.
Standard library only.
"""
