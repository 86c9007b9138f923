"""Smart replies as a test builds them, and what came of them."""

from typing import Any

from optout.models import Channel, OptOutList
from teambox import smart_reply_building
from teambox.models import SmartReply, SmartReplyRun
from teambox.smart_reply_building import Words

NO_OFFERS = "no more offers"
ADD, REMOVE = "add_to_opt_out_list", "remove_from_opt_out_list"


def make_reply(
    *phrasings: str,
    answer: str = "",
    actions: tuple[tuple[str, dict[str, Any]], ...] = (),
    category: str = "Offers",
) -> SmartReply:
    """A question with its answer and actions, built as the pages build it."""
    row = smart_reply_building.save(
        SmartReply(),
        smart_reply_building.category_named(category),
        Words(phrasings or (NO_OFFERS,), answer),
    )
    smart_reply_building.replace_actions(row, actions)
    return row


def adding(*lists: OptOutList, **more: Any) -> tuple[str, dict[str, Any]]:
    return ADD, {"lists": [row.pk for row in lists], **more}


def removing(*lists: OptOutList, **more: Any) -> tuple[str, dict[str, Any]]:
    return REMOVE, {"lists": [row.pk for row in lists], **more}


def outcomes() -> list[tuple[str, str]]:
    """What each action of the latest run did."""
    run = SmartReplyRun.objects.latest("id")
    return [(step["action"], step["outcome"]) for step in run.results]


def told(channel: Channel) -> list[str]:
    """The system lines of the conversations on a channel."""
    rows = channel.conversations.filter(lines__kind="system").order_by("lines__id")
    return list(rows.values_list("lines__text", flat=True))
