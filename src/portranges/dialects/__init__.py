"""The port syntax of other programs, read and written.

``parse`` and ``render`` handle notations that are text; ``from_*`` and ``to_*`` handle the data
that clouds and orchestrators use. Each notation is a row with its sources.
"""

from __future__ import annotations

from portranges.dialects.catalog import data_forms, lookup, names, rows
from portranges.dialects.convert import parse, render, render_rules
from portranges.dialects.data_aws import from_aws, from_aws_nacl, to_aws, to_aws_nacl
from portranges.dialects.data_azure import from_azure, to_azure
from portranges.dialects.data_digitalocean import from_digitalocean, to_digitalocean
from portranges.dialects.data_gcp import from_gcp, to_gcp
from portranges.dialects.data_kubernetes import (
    from_cilium,
    from_kubernetes,
    to_cilium,
    to_kubernetes,
)
from portranges.dialects.data_openstack import from_openstack, to_openstack
from portranges.dialects.forms import (
    Brackets,
    DataForm,
    Dialect,
    Frame,
    Limits,
    MappingForm,
    Names,
    Ranges,
    Spacing,
    Wording,
)
from portranges.dialects.mappings import PortMapping, mapping_forms, parse_mapping
from portranges.dialects.model import (
    Bracketed,
    Comparison,
    Evidence,
    Fault,
    MisreadText,
    NameLookup,
    Operator,
    Overlap,
    OwnName,
    RefusedText,
    TransportRule,
    Verification,
)
from portranges.dialects.transports import parse_transports, render_transports

__all__ = [
    "Bracketed",
    "Brackets",
    "Comparison",
    "DataForm",
    "Dialect",
    "Evidence",
    "Fault",
    "Frame",
    "Limits",
    "MappingForm",
    "MisreadText",
    "NameLookup",
    "Names",
    "Operator",
    "Overlap",
    "OwnName",
    "PortMapping",
    "Ranges",
    "RefusedText",
    "Spacing",
    "TransportRule",
    "Verification",
    "Wording",
    "data_forms",
    "from_aws",
    "from_aws_nacl",
    "from_azure",
    "from_cilium",
    "from_digitalocean",
    "from_gcp",
    "from_kubernetes",
    "from_openstack",
    "lookup",
    "mapping_forms",
    "names",
    "parse",
    "parse_mapping",
    "parse_transports",
    "render",
    "render_rules",
    "render_transports",
    "rows",
    "to_aws",
    "to_aws_nacl",
    "to_azure",
    "to_cilium",
    "to_digitalocean",
    "to_gcp",
    "to_kubernetes",
    "to_openstack",
]
