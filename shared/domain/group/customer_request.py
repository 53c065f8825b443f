"""A customer as it is requested: to create one, and to change it."""

from pydantic import Field, field_validator

from shared.domain.request_body import Id, Input, Line, Word, wrong


class CustomerInput(Input):
    """A customer as it is requested."""

    name: Line = Field(description="The customer's name.")
    org_sourced_id: Id | None = Field(
        None, description="The sourcedId of the customer's org at the source, if it is known."
    )
    customer_id: Word | None = Field(
        None,
        description="An id of your choice: letters, digits, - and _. Without it one is made.",
    )


class CustomerChangeInput(Input):
    """A change of a customer: what is left out stays."""

    name: Line | None = Field(None, description="The customer's new name; it cannot be null.")
    org_sourced_id: Id | None = Field(
        None,
        description="The sourcedId of the customer's org at the source; null takes it away. It "
        "cannot change while the customer is in a group.",
    )

    @field_validator("name")
    @classmethod
    def _has_a_name(cls, name: str | None) -> str | None:
        if name is None:
            raise wrong("A customer has a name.")
        return name
