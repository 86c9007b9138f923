"""The pages' routes of teambox."""

from django.urls import path

from teambox import hooks
from teambox.views import (
    acts,
    canned_replies,
    inbox,
    panel,
    panel_acts,
    reviews,
    threads,
)

urlpatterns = [
    path("sandbox/inbound/", hooks.sandbox_inbound, name="sandbox-inbound"),
    path("teambox/", inbox.page, name="teambox"),
    path("teambox/poll/", inbox.poll, name="teambox-poll"),
    path("teambox/start/", acts.start, name="conversation-start"),
    path("teambox/canned-replies/", canned_replies.page, name="canned-replies"),
    path(
        "teambox/canned-replies/find/", canned_replies.find, name="canned-replies-find"
    ),
    path("teambox/canned-replies/add/", canned_replies.add, name="canned-reply-add"),
    path(
        "teambox/canned-replies/<int:pk>/edit/",
        canned_replies.edit,
        name="canned-reply-edit",
    ),
    path(
        "teambox/canned-replies/<int:pk>/delete/",
        canned_replies.delete,
        name="canned-reply-delete",
    ),
    path("teambox/<int:pk>/", threads.page, name="conversation"),
    path("teambox/<int:pk>/poll/", threads.poll, name="conversation-poll"),
    path("teambox/<int:pk>/older/", threads.older, name="conversation-older"),
    path("teambox/<int:pk>/write/", acts.write, name="conversation-write"),
    path("teambox/<int:pk>/accept/", acts.accept, name="conversation-accept"),
    path("teambox/<int:pk>/assign/", acts.assign, name="conversation-assign"),
    path("teambox/<int:pk>/solve/", acts.solve, name="conversation-solve"),
    path("teambox/<int:pk>/reopen/", acts.reopen, name="conversation-reopen"),
    path(
        "teambox/<int:pk>/lines/<int:line_pk>/opt-out/",
        acts.opt_out,
        name="conversation-opt-out",
    ),
    path("review/", reviews.page, name="review"),
    path("review/<int:pk>/opt-out/", reviews.opt_out, name="review-opt-out"),
    path("review/<int:pk>/dismiss/", reviews.dismiss, name="review-dismiss"),
]

# The contact panel
_PERSON = "panel/<uuid:key>/"
urlpatterns += [
    path("panel/", panel.nobody, name="panel"),
    path("panel/look-up/", panel.look_up, name="panel-look-up"),
    path(_PERSON, panel.person, name="panel-person"),
    path(f"{_PERSON}contact/", panel.save_contact, name="panel-contact"),
    path(f"{_PERSON}tags/", panel.tag, name="panel-tag"),
    path(f"{_PERSON}tags/<int:pk>/remove/", panel.untag, name="panel-untag"),
    path(f"{_PERSON}notes/", panel.note, name="panel-note"),
    path(f"{_PERSON}add/", panel_acts.add, name="panel-add"),
    path(f"{_PERSON}add-more/", panel_acts.add_more, name="panel-add-more"),
    path(f"{_PERSON}undo/", panel_acts.undo, name="panel-undo"),
    path(
        f"{_PERSON}stop-everything/",
        panel_acts.stop_everything,
        name="panel-stop-everything",
    ),
    path(f"{_PERSON}entries/<int:pk>/remove/", panel_acts.remove, name="panel-remove"),
    path(
        f"{_PERSON}entries/<int:pk>/put-back/",
        panel_acts.put_back,
        name="panel-put-back",
    ),
]
