"""Opt-out lists in the API."""

from typing import Any

from rest_framework import serializers

from optout import egress, lists, webhooks
from optout.api.fields import Flag, Input, ModelInput, Text, limit
from optout.lists import Words
from optout.models import Keyword, OptOutList, live_entries

_MAX_WORD = limit(Keyword, "text")


class ListOutput(serializers.ModelSerializer[OptOutList]):
    """A list as collections show it."""

    keyword = serializers.CharField(read_only=True)
    aliases = serializers.ListField(child=serializers.CharField(), read_only=True)
    start_keyword = serializers.CharField(read_only=True)
    entry_count = serializers.IntegerField(
        read_only=True,
        help_text="Live entries; up to a minute old, but exact for a single list.",
    )

    class Meta:
        model = OptOutList
        fields = [
            "id",
            "name",
            "description",
            "keyword",
            "aliases",
            "start_keyword",
            "message",
            "public_name",
            "webhook_url",
            "webhook_on_lift",
            "webhook_failing_since",
            "webhook_disabled_at",
            "is_default",
            "entry_count",
            "added_in_30_days",
            "created_at",
        ]
        read_only_fields = fields


class OneListOutput(ListOutput):
    """A single list: its entries are counted now."""

    def to_representation(self, instance: OptOutList) -> dict[str, Any]:
        """As in a collection, with the exact count."""
        shown = super().to_representation(instance)
        count = live_entries().filter(list=instance).count()
        return shown | {"entry_count": count}


class NewListOutput(OneListOutput):
    """The answer to making a list: the only one, besides rotation, with the secret."""

    webhook_secret = serializers.SerializerMethodField()

    class Meta(ListOutput.Meta):
        fields = [*ListOutput.Meta.fields, "webhook_secret"]
        read_only_fields = fields

    def get_webhook_secret(self, opt_out_list: OptOutList) -> str:
        """The signing secret."""
        return str(opt_out_list.webhook_secrets["current"])


class ListInput(ModelInput):
    """A list to make, or what to change of one."""

    keyword = Text(max_length=_MAX_WORD)
    aliases = serializers.ListField(
        child=Text(max_length=_MAX_WORD), max_length=lists.MAX_ALIASES, required=False
    )
    start_keyword = Text(max_length=_MAX_WORD, allow_blank=True, required=False)
    webhook_on_lift = Flag(required=False)

    class Meta:
        model = OptOutList
        fields = [*lists.EDITABLE, "keyword", "aliases", "start_keyword"]

    def validate_webhook_url(self, url: str) -> str:
        """The canonical spelling of an address that may be called."""
        try:
            return egress.check_url(url) if url else ""
        except egress.Refused as error:
            raise serializers.ValidationError(error.message, error.code) from None

    def save_list(self) -> OptOutList:
        """Write the list; raises ListError for a name or word that it may not have."""
        opt_out_list = self.instance or OptOutList()
        words = _words_of(self.instance)
        for name, value in self.validated_data.items():
            if name in lists.EDITABLE:
                setattr(opt_out_list, name, value)
            else:
                words[name] = value
        return lists.save(opt_out_list, Words(**words))


def _words_of(opt_out_list: OptOutList | None) -> dict[str, Any]:
    """The words as they are, of which a change may name only some."""
    if opt_out_list is None:
        return {}
    return {
        "keyword": opt_out_list.keyword,
        "aliases": opt_out_list.aliases,
        "start_keyword": opt_out_list.start_keyword,
    }


class DeletionQuery(Input):
    """What becomes of the entries of a list that is deleted: one of the two."""

    move_to = serializers.IntegerField(
        required=False, help_text="Id of the list that gets the entries."
    )
    remove_entries = serializers.ChoiceField(
        choices=["true"], required=False, help_text="End the entries. Needs a reason."
    )
    reason = Text(max_length=300, required=False)


class SecretOutput(serializers.Serializer[OptOutList]):
    """A signing secret, shown this once."""

    webhook_secret = serializers.CharField(
        help_text=f"The one before signs too for {webhooks.OLD_SECRET_LASTS}."
    )
