"""Smart replies in the API."""

from typing import Any

from rest_framework import serializers

from optout.api.fields import Flag, Input, Text
from teambox.models import (
    ANSWER_CHARS,
    NAME_CHARS,
    PHRASE_CHARS,
    SmartReply,
    SmartReplyAction,
)
from teambox.smart_replies import MAX_ACTIONS
from teambox.smart_reply_building import MAX_PHRASES


class ActionInput(Input):
    """An action of the action table, with its settings."""

    action = Text(max_length=40, help_text="As `add_to_opt_out_list`.")
    settings = serializers.DictField(
        default=dict,
        help_text="What is not given is as the page proposes it. For lists: "
        '`{"lists": [1]}`.',
    )


class SmartReplyInput(Input):
    """A question to make, or what to change of one."""

    category = Text(
        max_length=NAME_CHARS, help_text="By its name; made where there is none."
    )
    phrasings = serializers.ListField(
        child=Text(max_length=PHRASE_CHARS),
        max_length=MAX_PHRASES,
        help_text="A message asks the question if it holds all words of one.",
    )
    answer = Text(
        max_length=ANSWER_CHARS,
        allow_blank=True,
        required=False,
        help_text="May hold {{name}} and {{name|fallback}}.",
    )
    is_active = Flag(required=False)
    actions = serializers.ListField(
        child=ActionInput(),
        max_length=MAX_ACTIONS,
        required=False,
        help_text="All of them, in order.",
    )


class ActionOutput(serializers.ModelSerializer[SmartReplyAction]):
    """An action as it was built."""

    action = serializers.CharField(source="name")
    settings = serializers.DictField()

    class Meta:
        model = SmartReplyAction
        fields = ["action", "settings"]
        read_only_fields = fields


class SmartReplyOutput(serializers.ModelSerializer[SmartReply]):
    """A question with its answer and its actions."""

    category = serializers.CharField(source="category.name")
    intents = serializers.ListField(
        source="category.intents",
        child=serializers.CharField(),
        help_text="Those of the category.",
    )
    phrasings = serializers.ListField(child=serializers.CharField())
    actions: Any = ActionOutput(many=True)

    class Meta:
        model = SmartReply
        fields = [
            "id",
            "category",
            "intents",
            "phrasings",
            "answer",
            "is_active",
            "actions",
        ]
        read_only_fields = fields
