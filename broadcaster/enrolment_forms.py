"""Enrolling one person by hand, and going on at a step, as forms."""

from typing import Any

from django import forms

from broadcaster import enrolments
from broadcaster.enrolments import Enrolled
from broadcaster.models import Enrolment, EnrolmentSource, Sequence
from optout import addresses
from optout.actors import Actor
from optout.addresses import Address, AddressKind, InvalidAddress
from optout.forms import focus_first, offer
from optout.models import Workspace
from optout.refusals import Refused


class EnrolForm(forms.Form):
    """The number or email of one person."""

    address = forms.CharField(max_length=addresses.MAX_RAW_CHARS)

    def __init__(self, sequence: Sequence, *args: Any, **kwargs: Any) -> None:
        """Ask for what the channel writes to."""
        super().__init__(*args, **kwargs)
        self.sequence = sequence
        field = self.fields["address"]
        field.label = "Email" if sequence.is_email else "Number"
        del field.widget.attrs["maxlength"]  # an address needs no counter
        if not sequence.is_email:
            field.help_text = "With the country code, such as +34 600 111 222."
        focus_first(self, "address")

    def clean_address(self) -> Address:
        """Read the address; refuse one of the other kind."""
        kind = AddressKind(self.sequence.channel.address_kind)
        try:
            return addresses.parse(
                self.cleaned_data["address"], region=Workspace.load().region, kind=kind
            )
        except InvalidAddress as error:
            raise forms.ValidationError(error.message) from error

    def store(self, *, actor: Actor) -> Enrolled | None:
        """Enrol; None with the error where that is refused."""
        try:
            return enrolments.enrol(
                self.sequence,
                self.cleaned_data["address"],
                source=EnrolmentSource.HAND,
                actor=actor,
            )
        except Refused as refused:
            self.add_error("address", refused.message)
            return None


class ResumeForm(forms.Form):
    """At which step somebody goes on."""

    step = forms.TypedChoiceField(label="Go on at", coerce=int)

    def __init__(self, enrolment: Enrolment, *args: Any, **kwargs: Any) -> None:
        """Offer the steps that are left, the one that was due first."""
        super().__init__(*args, **kwargs)
        self.enrolment = enrolment
        self.steps = enrolments.steps_to_resume_at(enrolment)
        offer(self, "step", [(step.pk, _named(step)) for step in self.steps])

    def store(self, *, actor: Actor) -> Enrolment | None:
        """Go on there; None with the error where that is refused."""
        chosen = self.cleaned_data["step"]
        step = next(one for one in self.steps if one.pk == chosen)
        try:
            return enrolments.resume_at(self.enrolment, step, actor=actor)
        except Refused as refused:
            self.add_error("step", refused.message)
            return None


def _named(step: Any) -> str:
    place = f"Step {step.position}"
    return f"{place}: {step.name}" if step.name else place
