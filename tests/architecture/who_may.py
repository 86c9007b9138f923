"""Who may reach which route, as the table of roles says."""

from optout.access import Role

EVERYBODY = frozenset(Role)
WRITERS = EVERYBODY - {Role.COMPLIANCE}  # contacts and their notes
SUPPORT = EVERYBODY - {Role.MARKETER}  # conversations and reviews
BULK = EVERYBODY - {Role.AGENT}  # many at once; broadcasts to look at
AGENTS = frozenset({Role.AGENT, Role.ADMIN})
SENDERS = frozenset({Role.MARKETER, Role.ADMIN})
STAFF = frozenset({Role.COMPLIANCE, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})

# For these there is no role: log-in, health, the persons' own pages.
_OPEN = """
    healthz readyz login logout api-schema api-docs
    unsubscribe unsubscribe-leave unsubscribe-back unsubscribe-preferences
    connector-hook
"""

_PAGES = {
    EVERYBODY: """
        channel channel-test-message channels contact contacts dashboard
        entry-add entry-add-everywhere entry-put-back entry-remove keywords list lists
        panel
        panel-add panel-add-more panel-look-up panel-person panel-put-back
        panel-remove panel-stop-everything panel-undo sandbox sandbox-mail
        sandbox-mail-body smart-replies smart-reply
    """,
    WRITERS: """
        enrolment-unenrol
        contact-address-add contact-address-drop contact-create contact-edit
        contact-merge contact-note contact-tag contact-untag panel-contact
        panel-note panel-tag panel-untag
    """,
    SUPPORT: """
        canned-replies canned-replies-find conversation conversation-older
        conversation-opt-out conversation-poll review review-dismiss
        review-opt-out sandbox-inbound teambox teambox-poll
    """,
    BULK: """
        broadcast-marked
        broadcast-export broadcast-left-out broadcast-mail broadcast-report
        broadcasts broadcasts-compare entries-remove import import-columns
        import-discard
        import-errors import-reopen import-start import-undo imports list-import
        removal removal-put-back
        sequence sequence-people sequence-report sequence-step-mail
        sequence-upcoming sequences
        connector-edit connector-run connector-runs connector-try connectors
    """,
    AGENTS: """
        canned-reply-add canned-reply-delete canned-reply-edit
        conversation-accept conversation-assign conversation-reopen
        conversation-solve conversation-start conversation-write
    """,
    SENDERS: """
        broadcast-add-list broadcast-cancel broadcast-columns broadcast-launch
        broadcast-lists broadcast-message broadcast-name broadcast-new
        broadcast-pause broadcast-prepare broadcast-preview broadcast-recipients
        broadcast-resume broadcast-review contacts-import contacts-tag
        broadcast-contacts broadcast-earlier
        broadcast-duplicate broadcast-pace broadcast-test broadcast-test-state
        segment-delete segment-rename segment-save smart-reply-action
        smart-reply-action-delete smart-reply-action-move smart-reply-action-new
        smart-reply-category smart-reply-category-delete
        smart-reply-category-move smart-reply-category-new smart-reply-delete
        smart-reply-example smart-reply-move smart-reply-new
        smart-reply-settings
        connector-action connector-action-delete connector-action-move
        connector-action-new connector-actions connector-delete connector-example
        connector-export connector-import
        connector-new connector-run-again connector-run-cancel connector-run-held
        connector-run-retry connector-runs-retry connector-secret-delete
        connector-settings connector-signature connector-step-delete
        connector-step-filter connector-step-move connector-step-name
        connector-step-new connector-step-wait connector-switch connector-url
        enrolment-resume sequence-contacts sequence-edit sequence-end sequence-enrol
        sequence-import sequence-new sequence-pause sequence-preview
        sequence-resume sequence-start sequence-step sequence-step-delete
        sequence-step-move sequence-step-new
    """,
    STAFF: """
        contacts-export deliveries deliveries-resend-failed delivery
        delivery-resend list-create list-delete list-edit list-export
        list-secret list-webhook list-webhook-enable list-webhook-test
    """,
    ADMINS: """
        attribute-add attribute-delete attribute-edit channel-create channel-new
        channel-send-test channel-test contact-attributes contact-delete
        settings tag-delete tag-rename
    """,
}

# Pages that more may look at than may change them.
POSTS = {
    "channel": ADMINS,
    "smart-reply": SENDERS,
}

_API = {
    EVERYBODY: """
        GET api-channel
        GET api-channels
        GET api-contact
        POST api-contact-search
        GET api-contacts
        GET api-entries
        POST api-entries
        DELETE api-entry
        GET api-entry
        POST api-entry-check
        POST api-entry-removal
        POST api-entry-search
        GET api-list
        GET api-lists
        GET api-message
        GET api-smart-replies
        GET api-smart-reply
    """,
    WRITERS: """
        PATCH api-contact
        POST api-sequence-unenrol
        POST api-contact-notes
        POST api-contacts
    """,
    SUPPORT: """
        GET api-conversation
        GET api-conversation-thread
        GET api-conversations
        POST api-inbound
        POST api-review-dismiss
        POST api-review-opt-out
        GET api-reviews
    """,
    BULK: """
        GET api-broadcast
        GET api-broadcasts
        POST api-entry-bulk
        POST api-entry-bulk-removal
        GET api-recipients
        GET api-sequence-enrolments
        GET api-sequence
        GET api-sequence-report
        GET api-sequences
        GET api-sequence-steps
    """,
    AGENTS: """
        POST api-conversation-assign
        POST api-conversation-notes
        POST api-conversation-reopen
        POST api-conversation-replies
        POST api-conversation-solve
        POST api-conversations
    """,
    SENDERS: """
        PATCH api-broadcast
        POST api-broadcast-duplicate
        POST api-broadcast-test
        POST api-sequence-enrolments
        PATCH api-sequence
        POST api-sequence-end
        POST api-sequence-pause
        POST api-sequence-resume
        POST api-sequence-start
        POST api-sequences
        DELETE api-sequence-step
        PATCH api-sequence-step
        POST api-sequence-steps
        POST api-broadcast-cancel
        POST api-broadcast-launch
        POST api-broadcast-pause
        POST api-broadcast-resume
        POST api-broadcasts
        POST api-messages
        POST api-recipients
        POST api-smart-replies
        DELETE api-smart-reply
        PATCH api-smart-reply
    """,
    STAFF: """
        GET api-deliveries
        GET api-delivery
        POST api-delivery-resend
        DELETE api-list
        PATCH api-list
        POST api-list-secret
        POST api-lists
    """,
    ADMINS: """
        PATCH api-channel
        POST api-channels
    """,
}

OPEN = frozenset(_OPEN.split())
PAGES = {name: roles for roles, names in _PAGES.items() for name in names.split()}
API = {
    (name, method): roles
    for roles, calls in _API.items()
    for method, name in (call.split() for call in calls.strip().splitlines())
}
