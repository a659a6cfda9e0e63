"""Small modules for libraries in which ports are fields, options and arguments.

Each module has the name of the library that it serves and imports it; the library must be
installed, and nothing else of portranges imports these modules. pydantic and FastAPI do not need a
module, because the types implement pydantic's own methods.
"""

from __future__ import annotations

__all__ = []
