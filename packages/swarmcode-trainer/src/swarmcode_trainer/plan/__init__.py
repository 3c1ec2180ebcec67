"""What a run will take: memory by part, tokens, steps, and time once steps were timed."""

from .memory import Part, memory_parts, quantised_bytes
from .plan import Data, Plan, check_plan, make_plan, propose
from .shape import Linear, ModelShape

__all__ = [
    "Data",
    "Linear",
    "ModelShape",
    "Part",
    "Plan",
    "check_plan",
    "make_plan",
    "memory_parts",
    "propose",
    "quantised_bytes",
]
