"""The API's routes of teambox."""

from django.urls import path

from teambox.api import contacts, conversations, reviews, smart_replies, views

urlpatterns = [
    path("inbound/<int:channel_id>/", views.Inbound.as_view(), name="api-inbound"),
    path(
        "conversations/",
        conversations.ConversationCollection.as_view(),
        name="api-conversations",
    ),
    path(
        "conversations/<int:pk>/",
        conversations.OneConversation.as_view(),
        name="api-conversation",
    ),
    path(
        "conversations/<int:pk>/thread/",
        conversations.Transcript.as_view(),
        name="api-conversation-thread",
    ),
    path(
        "conversations/<int:pk>/replies/",
        conversations.Replies.as_view(),
        name="api-conversation-replies",
    ),
    path(
        "conversations/<int:pk>/notes/",
        conversations.Notes.as_view(),
        name="api-conversation-notes",
    ),
    path(
        "conversations/<int:pk>/assign/",
        conversations.Assigning.as_view(),
        name="api-conversation-assign",
    ),
    path(
        "conversations/<int:pk>/solve/",
        conversations.Solving.as_view(),
        name="api-conversation-solve",
    ),
    path(
        "conversations/<int:pk>/reopen/",
        conversations.Reopening.as_view(),
        name="api-conversation-reopen",
    ),
    path("reviews/", reviews.ReviewCollection.as_view(), name="api-reviews"),
    path(
        "reviews/<int:pk>/opt-out/",
        reviews.OptingOut.as_view(),
        name="api-review-opt-out",
    ),
    path(
        "reviews/<int:pk>/dismiss/",
        reviews.Dismissing.as_view(),
        name="api-review-dismiss",
    ),
    path(
        "smart-replies/",
        smart_replies.SmartReplyCollection.as_view(),
        name="api-smart-replies",
    ),
    path(
        "smart-replies/<int:pk>/",
        smart_replies.OneSmartReply.as_view(),
        name="api-smart-reply",
    ),
    path("contacts/", contacts.ContactCollection.as_view(), name="api-contacts"),
    path("contacts/<int:pk>/", contacts.OneContact.as_view(), name="api-contact"),
    path(
        "contacts/search/", contacts.ContactSearch.as_view(), name="api-contact-search"
    ),
    path(
        "contacts/<int:pk>/notes/",
        contacts.ContactNotes.as_view(),
        name="api-contact-notes",
    ),
]
