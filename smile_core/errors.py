"""Everything this package raises on purpose. Each message is one line that says what to do."""

from __future__ import annotations


class SmileError(Exception):
    """The base of all errors with a message meant for the user."""


class PromptError(SmileError):
    """The prompt cannot be explained, for instance because it holds no word."""


class ImageError(SmileError):
    """The picture cannot be read."""


class EditorError(SmileError):
    """An editor is unknown, cannot be loaded, or gave back something that is not a batch of pictures."""


class OutOfMemory(EditorError):
    """Not even one edit at a time fits into memory."""


class MethodError(SmileError, ValueError):
    """Fields of a method have impossible values or do not go together."""


class ExplanationError(SmileError, ValueError):
    """A saved explanation cannot be read back."""


class EvidenceError(SmileError):
    """The stored evidence cannot be used or cleared."""


class Cancelled(SmileError):
    """The caller asked to stop; nothing finished is lost."""
