"""The API's routes of this floor. Addresses never stand in one."""

from django.urls import path

from optout.api.views import (
    channels,
    deliveries,
    entries,
    entries_bulk,
    lists,
    messages,
)

urlpatterns = [
    path("channels/", channels.ChannelCollection.as_view(), name="api-channels"),
    path(
        "channels/<int:channel_id>/", channels.OneChannel.as_view(), name="api-channel"
    ),
    path("opt-out-lists/", lists.ListCollection.as_view(), name="api-lists"),
    path("opt-out-lists/<int:pk>/", lists.OneList.as_view(), name="api-list"),
    path(
        "opt-out-lists/<int:pk>/rotate-secret/",
        lists.Secret.as_view(),
        name="api-list-secret",
    ),
    path("opt-out-entries/", entries.EntryCollection.as_view(), name="api-entries"),
    path("opt-out-entries/<int:pk>/", entries.OneEntry.as_view(), name="api-entry"),
    path(
        "opt-out-entries/search/",
        entries.EntrySearch.as_view(),
        name="api-entry-search",
    ),
    path(
        "opt-out-entries/remove/",
        entries.EntryRemoval.as_view(),
        name="api-entry-removal",
    ),
    path(
        "opt-out-entries/bulk/", entries_bulk.EntryBulk.as_view(), name="api-entry-bulk"
    ),
    path(
        "opt-out-entries/bulk-delete/",
        entries_bulk.EntryBulkRemoval.as_view(),
        name="api-entry-bulk-removal",
    ),
    path(
        "opt-out-entries/check/",
        entries_bulk.EntryCheck.as_view(),
        name="api-entry-check",
    ),
    path("messages/", messages.MessageCollection.as_view(), name="api-messages"),
    path("messages/<int:pk>/", messages.OneMessage.as_view(), name="api-message"),
    path(
        "webhook-deliveries/",
        deliveries.DeliveryCollection.as_view(),
        name="api-deliveries",
    ),
    path(
        "webhook-deliveries/<int:pk>/",
        deliveries.OneDelivery.as_view(),
        name="api-delivery",
    ),
    path(
        "webhook-deliveries/<int:pk>/resend/",
        deliveries.Resending.as_view(),
        name="api-delivery-resend",
    ),
]
