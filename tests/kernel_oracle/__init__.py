"""The kernel as referee of ``portranges.reuse``.

``steps`` is what both sides play, as records and as text; ``generate`` makes
the games; ``kernel`` plays them with real sockets, ``model`` with PortTable;
``campaign`` compares; ``record`` keeps answers for machines without root.
Standard library only.
"""
