"""The pages' routes of teambox."""

from django.urls import path

from teambox import hooks
from teambox.views import acts, canned_replies, inbox, reviews, threads

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
