"""What conversations and reviews are filtered by."""

from django.contrib.auth.models import User
from django_filters import ChoiceFilter, FilterSet, ModelChoiceFilter

from optout.models import Channel, Hold, HoldState
from teambox.models import Conversation, ConversationState


class ConversationFilter(FilterSet):  # type: ignore[misc]  # it has no type hints
    """Conversations by channel, state and who has them."""

    channel_id = ModelChoiceFilter(
        field_name="channel", queryset=lambda _: Channel.objects.all()
    )
    state = ChoiceFilter(choices=ConversationState.choices)
    assignee = ModelChoiceFilter(
        queryset=lambda _: User.objects.all(),
        to_field_name="username",
        null_label="Nobody",
        null_value="nobody",
    )

    class Meta:
        model = Conversation
        fields: list[str] = []


class ReviewFilter(FilterSet):  # type: ignore[misc]  # it has no type hints
    """Requests by channel and by what was decided."""

    channel_id = ModelChoiceFilter(
        field_name="channel", queryset=lambda _: Channel.objects.all()
    )
    state = ChoiceFilter(choices=HoldState.choices)

    class Meta:
        model = Hold
        fields: list[str] = []
