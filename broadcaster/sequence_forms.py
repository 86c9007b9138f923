"""The settings of a sequence as a form: the rules stand in `sequences`."""

from typing import Any

from django import forms
from django.db import transaction

from broadcaster import sequences
from broadcaster.forms import ListsForm, channel_choices
from broadcaster.models import ReEnrolment, Sequence
from optout.actors import Actor
from optout.forms import ProseField, focus_first
from optout.models import active_channels, default_list, live_lists
from optout.refusals import Refused
from optout.selection import SelectionError
from teambox.models import Tag


class SettingsForm(forms.Form):
    """What a sequence is called, and who moves through it how."""

    name = forms.CharField(
        max_length=100, help_text="Only your team sees it, in lists and reports."
    )
    description = ProseField(
        max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    channel = forms.TypedChoiceField(
        coerce=lambda pk: active_channels().get(pk=pk),
        help_text="All steps leave by it. It stays as it is chosen now.",
    )
    stop_on_reply = forms.BooleanField(
        label="Stop on reply",
        required=False,
        initial=True,
        help_text="Who writes to us on this channel gets no more steps.",
    )
    re_enrolment = forms.ChoiceField(
        label="Who is enrolled again",
        choices=ReEnrolment.choices,
        initial=ReEnrolment.WHEN_ENDED,
        widget=forms.RadioSelect,
    )
    enrol_tag = forms.ModelChoiceField(
        label="Tag that enrols",
        queryset=Tag.objects.all(),
        required=False,
        empty_label="No tag",
        help_text="Contacts who get this tag from now on are enrolled.",
    )

    def __init__(
        self, *args: Any, sequence: Sequence | None = None, **kwargs: Any
    ) -> None:
        """Filled from the sequence there is, whose channel cannot be changed."""
        columns = ("name", "description", "stop_on_reply", "re_enrolment", "enrol_tag")
        if sequence is not None:
            kwargs["initial"] = {name: getattr(sequence, name) for name in columns}
        super().__init__(*args, **kwargs)
        if sequence is not None:
            del self.fields["channel"]
        else:
            self.fields["channel"].choices = channel_choices()  # type: ignore[attr-defined]
        focus_first(self, "name")


class SequenceListsForm(ListsForm):
    """Which opt-out lists withhold a step: those selected when it is due count."""

    def __init__(
        self, *args: Any, sequence: Sequence | None = None, may_skip: bool
    ) -> None:
        """Filled from the sequence there is, else with the default list alone."""
        self.rows = list(live_lists())
        initial = _chosen(sequence) if sequence else {"lists": []}
        super().__init__(self.rows, *args, may_skip=may_skip, initial=initial)
        if may_skip:
            self.fields[
                "skip_reason"
            ].help_text = "Kept with this sequence and in the ledger."

    @property
    def list_ids(self) -> list[int]:
        """The lists that were chosen, the default list among them unless left out."""
        chosen: list[int] = self.cleaned_data["lists"]
        if self.skip_default_reason is not None:
            return chosen
        return [default_list().pk, *chosen]


def _chosen(sequence: Sequence) -> dict[str, Any]:
    batch = sequence.batch
    return {
        "lists": list(batch.lists.values_list("id", flat=True)),
        "skip_default": bool(batch.skip_default_reason),
        "skip_reason": batch.skip_default_reason,
        "unsubscribe_list": batch.unsubscribe_list_id,
    }


def store(
    form: SettingsForm,
    lists: SequenceListsForm,
    *,
    sequence: Sequence | None,
    actor: Actor,
) -> Sequence | None:
    """Write settings and lists, both or none; None with errors where that is refused.

    Without a sequence one is made.
    """
    try:
        with transaction.atomic():
            return _write(form, lists, sequence, actor)
    except SelectionError as error:
        is_reason = error.code == "reason_required"
        lists.add_error("skip_reason" if is_reason else "lists", error.message)
    except Refused as refused:
        owner = lists if refused.field in lists.fields else form
        owner.add_error(
            refused.field if refused.field in owner.fields else None, refused.message
        )
    return None


def _write(
    form: SettingsForm,
    lists: SequenceListsForm,
    sequence: Sequence | None,
    actor: Actor,
) -> Sequence:
    given = dict(form.cleaned_data)
    channel = given.pop("channel", None)
    if sequence is None:
        sequence = sequences.create(name=given["name"], channel=channel, actor=actor)
    sequences.change(sequence, **given)
    sequences.set_lists(
        sequence,
        lists.list_ids,
        skip_default=lists.skip_default_reason,
        unsubscribe_list_id=lists.cleaned_data["unsubscribe_list"],
        actor=actor,
    )
    return sequence
