"""Setting a project up."""

from .init import InitResult, init_project

__all__ = ["InitResult", "init_project"]
