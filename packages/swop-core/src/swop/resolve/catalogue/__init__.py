"""Every rule, by its id."""

from ..rules import Rule
from . import artifacts, fields, numbers, types

RULES: dict[str, Rule] = {
    rule.id: rule for rule in (*artifacts.RULES, *fields.RULES, *types.RULES, *numbers.RULES)
}

__all__ = ["RULES"]
