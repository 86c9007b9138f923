"""An example to begin with: leaving the offers, and coming back to them."""

from django.db import transaction

from optout.models import LiftReason, default_list
from teambox import smart_reply_building
from teambox.models import SmartReply, SmartReplyCategory
from teambox.smart_reply_building import Words

NAME = "Offers (example)"
_OUT = Words(
    ["no more offers", "stop the newsletter"],
    "Done, {{name|friend}}: you get no more offers from us here.",
)
_BACK = Words(
    ["send me offers again"],
    "Welcome back, {{name|friend}}. Write “no more offers” at any time to stop.",
)


def insert() -> SmartReplyCategory:
    """Make the example's category, switched off; one that is there is left alone."""
    found = SmartReplyCategory.objects.filter(name=NAME).first()
    if found is not None:
        return found
    lists = {"lists": [default_list().pk]}
    back = {**lists, "reason": LiftReason.ASKED_IN_CHAT}
    with transaction.atomic():
        made = smart_reply_building.save_category(
            SmartReplyCategory(),
            name=NAME,
            intents=["offers", "newsletter"],
            is_active=False,
        )
        out = smart_reply_building.save(SmartReply(), made, _OUT)
        smart_reply_building.add_action(out, "add_to_opt_out_list", lists)
        again = smart_reply_building.save(SmartReply(), made, _BACK)
        smart_reply_building.add_action(again, "remove_from_opt_out_list", back)
    return made
