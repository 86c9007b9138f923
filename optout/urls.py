"""The pages' routes of optout."""

from django.urls import URLPattern, URLResolver, path

from optout.views import (
    channels,
    deliveries,
    entries,
    imports,
    keyword_pages,
    lists,
    removals,
    sandbox,
    unsubscribe_pages,
    workspace,
)

urlpatterns: list[URLPattern | URLResolver] = []

# Opt-out lists and their entries
urlpatterns += [
    path("opt-out/", lists.overview_page, name="lists"),
    path("opt-out/new/", lists.create, name="list-create"),
    path("opt-out/<int:pk>/", entries.page, name="list"),
    path("opt-out/<int:pk>/edit/", lists.edit, name="list-edit"),
    path("opt-out/<int:pk>/secret/", lists.secret, name="list-secret"),
    path("opt-out/<int:pk>/delete/", lists.delete, name="list-delete"),
    path("opt-out/<int:pk>/export/", lists.export, name="list-export"),
    path("opt-out/<int:pk>/add/", entries.add, name="entry-add"),
    path(
        "opt-out/<int:pk>/add-everywhere/",
        entries.add_everywhere,
        name="entry-add-everywhere",
    ),
    path("opt-out/<int:pk>/remove/", removals.remove_many, name="entries-remove"),
    path("opt-out/entries/<int:pk>/remove/", entries.remove, name="entry-remove"),
    path("opt-out/entries/<int:pk>/put-back/", entries.put_back, name="entry-put-back"),
    path("opt-out/removals/<int:pk>/", removals.progress, name="removal"),
    path(
        "opt-out/removals/<int:pk>/put-back/",
        removals.put_back,
        name="removal-put-back",
    ),
]

# Imports
urlpatterns += [
    path("opt-out/<int:pk>/import/", imports.upload, name="list-import"),
    path("imports/", imports.index, name="imports"),
    path("imports/<int:pk>/", imports.page, name="import"),
    path("imports/<int:pk>/columns/", imports.columns, name="import-columns"),
    path("imports/<int:pk>/reopen/", imports.reopen, name="import-reopen"),
    path("imports/<int:pk>/start/", imports.start, name="import-start"),
    path("imports/<int:pk>/discard/", imports.discard, name="import-discard"),
    path("imports/<int:pk>/undo/", imports.undo, name="import-undo"),
    path("imports/<int:pk>/errors/", imports.errors, name="import-errors"),
]

# Webhook deliveries
urlpatterns += [
    path("opt-out/webhooks/", deliveries.page, name="deliveries"),
    path(
        "opt-out/webhooks/resend-failed/",
        deliveries.resend_failed,
        name="deliveries-resend-failed",
    ),
    path("opt-out/webhooks/<int:pk>/", deliveries.one, name="delivery"),
    path(
        "opt-out/webhooks/<int:pk>/resend/", deliveries.resend, name="delivery-resend"
    ),
    path("opt-out/<int:pk>/webhook/", deliveries.of_list, name="list-webhook"),
    path(
        "opt-out/<int:pk>/webhook/test/",
        deliveries.send_test,
        name="list-webhook-test",
    ),
    path(
        "opt-out/<int:pk>/webhook/enable/",
        deliveries.enable,
        name="list-webhook-enable",
    ),
]

# Settings, channels and keywords
urlpatterns += [
    path("settings/", workspace.page, name="settings"),
    path("opt-out/keywords/", keyword_pages.page, name="keywords"),
    path("channels/", channels.page, name="channels"),
    path("channels/new/", channels.choose_kind, name="channel-new"),
    path("channels/new/<slug:kind>/", channels.create, name="channel-create"),
    path("channels/<int:pk>/", channels.one, name="channel"),
    path("channels/<int:pk>/test/", channels.test, name="channel-test"),
    path("channels/<int:pk>/send-test/", channels.send_test, name="channel-send-test"),
    path(
        "channels/<int:pk>/test-messages/<int:message_pk>/",
        channels.test_message,
        name="channel-test-message",
    ),
]

# Sandbox
urlpatterns += [
    path("sandbox/", sandbox.page, name="sandbox"),
    path("sandbox/mail/<int:pk>/", sandbox.mail, name="sandbox-mail"),
    path("sandbox/mail/<int:pk>/body/", sandbox.mail_body, name="sandbox-mail-body"),
]

# Unsubscribe links: public. A mail client that loses the last slash is not redirected.
urlpatterns += [
    path("u/<str:token>/", unsubscribe_pages.page, name="unsubscribe"),
    path("u/<str:token>", unsubscribe_pages.page),
    path("u/<str:token>/leave/", unsubscribe_pages.leave, name="unsubscribe-leave"),
    path("u/<str:token>/back/", unsubscribe_pages.back, name="unsubscribe-back"),
    path(
        "u/<str:token>/preferences/",
        unsubscribe_pages.preferences,
        name="unsubscribe-preferences",
    ),
]
