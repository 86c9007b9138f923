"""The pages' routes of teambox."""

from django.urls import URLPattern, URLResolver, path

from teambox import hooks
from teambox.views import (
    acts,
    canned_replies,
    contact,
    contact_imports,
    contacts,
    inbox,
    merging,
    panel,
    panel_acts,
    reviews,
    segments,
    smart_replies,
    smart_reply_questions,
    threads,
    vocabulary,
)

urlpatterns: list[URLPattern | URLResolver] = [
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

# Smart replies
_REPLY = "smart-replies/<int:pk>"
_CATEGORY = "smart-replies/categories/<int:pk>"
_ACTION = f"{_REPLY}/actions/<int:action_pk>"

urlpatterns += [
    path("smart-replies/", smart_replies.page, name="smart-replies"),
    path(
        "smart-replies/settings/", smart_replies.settings, name="smart-reply-settings"
    ),
    path(
        "smart-replies/example/",
        smart_replies.insert_example,
        name="smart-reply-example",
    ),
    path(
        "smart-replies/categories/new/",
        smart_replies.new_category,
        name="smart-reply-category-new",
    ),
    path(f"{_CATEGORY}/", smart_replies.category, name="smart-reply-category"),
    path(
        f"{_CATEGORY}/delete/",
        smart_replies.delete_category,
        name="smart-reply-category-delete",
    ),
    path(
        f"{_CATEGORY}/move/",
        smart_replies.move_category,
        name="smart-reply-category-move",
    ),
    path("smart-replies/new/", smart_reply_questions.new, name="smart-reply-new"),
    path(f"{_REPLY}/", smart_reply_questions.question, name="smart-reply"),
    path(f"{_REPLY}/delete/", smart_reply_questions.delete, name="smart-reply-delete"),
    path(f"{_REPLY}/move/", smart_reply_questions.move, name="smart-reply-move"),
    path(
        f"{_REPLY}/actions/new/<slug:name>/",
        smart_reply_questions.new_action,
        name="smart-reply-action-new",
    ),
    path(f"{_ACTION}/", smart_reply_questions.action, name="smart-reply-action"),
    path(
        f"{_ACTION}/delete/",
        smart_reply_questions.delete_action,
        name="smart-reply-action-delete",
    ),
    path(
        f"{_ACTION}/move/",
        smart_reply_questions.move_action,
        name="smart-reply-action-move",
    ),
]

# Contacts
urlpatterns += [
    path("contacts/", contacts.page, name="contacts"),
    path("contacts/new/", contacts.create, name="contact-create"),
    path("contacts/tag/", contacts.tag_many, name="contacts-tag"),
    path("contacts/import/", contact_imports.upload, name="contacts-import"),
    path("contacts/export/", contacts.export, name="contacts-export"),
    path("contacts/segments/new/", segments.save, name="segment-save"),
    path("contacts/segments/<int:pk>/", segments.rename, name="segment-rename"),
    path("contacts/segments/<int:pk>/delete/", segments.delete, name="segment-delete"),
    path("contacts/<int:pk>/", contact.page, name="contact"),
    path("contacts/<int:pk>/edit/", contact.edit, name="contact-edit"),
    path("contacts/<int:pk>/delete/", contact.delete, name="contact-delete"),
    path("contacts/<int:pk>/merge/", merging.page, name="contact-merge"),
    path(
        "contacts/<int:pk>/addresses/", contact.add_address, name="contact-address-add"
    ),
    path(
        "contacts/<int:pk>/addresses/<int:address_pk>/",
        contact.drop_address,
        name="contact-address-drop",
    ),
    path("contacts/<int:pk>/tags/", contact.tag, name="contact-tag"),
    path("contacts/<int:pk>/tags/<int:tag_pk>/", contact.untag, name="contact-untag"),
    path("contacts/<int:pk>/notes/", contact.write_note, name="contact-note"),
]

# Attributes and tags
urlpatterns += [
    path("contacts/attributes/", vocabulary.page, name="contact-attributes"),
    path("contacts/attributes/new/", vocabulary.add_attribute, name="attribute-add"),
    path(
        "contacts/attributes/<int:pk>/",
        vocabulary.edit_attribute,
        name="attribute-edit",
    ),
    path(
        "contacts/attributes/<int:pk>/delete/",
        vocabulary.delete_attribute,
        name="attribute-delete",
    ),
    path("contacts/tags/<int:pk>/", vocabulary.rename_tag, name="tag-rename"),
    path("contacts/tags/<int:pk>/delete/", vocabulary.delete_tag, name="tag-delete"),
]
