"""What a person can set: read from defaults, a YAML file, the environment and flags, in that order.

Each section of the file is the configuration of one library, field by field: a setting that the
library has is a setting here, with its meaning and its limits.
"""

from .libraries import sections
from .load import Settings, Sources, load
from .schema import json_schema
from .sections import Field, Section, Sections

__all__ = ["Field", "Section", "Sections", "Settings", "Sources", "json_schema", "load", "sections"]
