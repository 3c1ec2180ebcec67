"""The shape of a message: its fields, the types they use, and what a query answers."""

from .model import EnumType, EnumValue, FieldDef, MessageType, NestedType, Response

__all__ = ["EnumType", "EnumValue", "FieldDef", "MessageType", "NestedType", "Response"]
