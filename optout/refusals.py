"""A wish that is refused for a reason that people and programs can read."""


class Refused(ValueError):
    """Nothing was changed; `code` is for programs, `field` names one of a form."""

    def __init__(self, code: str, message: str, field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
