"""Errors by their names in ``semantic-id``; they are semid's too."""

from semid._errors import InputError, SemidError


class SemanticIdError(SemidError):
    """Any failure."""


class NotFittedError(SemanticIdError):
    """A model is asked for before ``fit``."""


class ShapeMismatchError(SemanticIdError, InputError):
    """An array has another shape than it should."""
