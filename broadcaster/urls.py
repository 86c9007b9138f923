"""The pages' routes of broadcaster."""

from django.urls import URLPattern, URLResolver, path

from broadcaster import sequence_urls
from broadcaster.views import audience, comparison, messages, reports, sending, wizard

_ONE = "broadcaster/<int:pk>"

urlpatterns: list[URLPattern | URLResolver] = [
    path("broadcaster/", reports.index, name="broadcasts"),
    path("broadcaster/compare/", comparison.compare, name="broadcasts-compare"),
    path("broadcaster/new/", wizard.new, name="broadcast-new"),
    path(f"{_ONE}/name/", wizard.name, name="broadcast-name"),
    path(f"{_ONE}/message/", messages.message, name="broadcast-message"),
    path(f"{_ONE}/preview/", messages.preview, name="broadcast-preview"),
    path(f"{_ONE}/test/", messages.send_test, name="broadcast-test"),
    path(
        f"{_ONE}/tests/<int:message_pk>/",
        messages.test_state,
        name="broadcast-test-state",
    ),
    path(f"{_ONE}/recipients/", audience.recipients, name="broadcast-recipients"),
    path(f"{_ONE}/contacts/", audience.contacts, name="broadcast-contacts"),
    path(f"{_ONE}/earlier/", audience.earlier, name="broadcast-earlier"),
    path(f"{_ONE}/columns/", audience.columns, name="broadcast-columns"),
    path(f"{_ONE}/marked/", audience.marked, name="broadcast-marked"),
    path(f"{_ONE}/left-out/", reports.left, name="broadcast-left-out"),
    path(f"{_ONE}/lists/", wizard.lists, name="broadcast-lists"),
    path(f"{_ONE}/add-list/", reports.add_list, name="broadcast-add-list"),
    path(f"{_ONE}/review/", sending.review, name="broadcast-review"),
    path(f"{_ONE}/mail/", messages.mail, name="broadcast-mail"),
    path(f"{_ONE}/prepare/", reports.prepare, name="broadcast-prepare"),
    path(f"{_ONE}/launch/", sending.launch, name="broadcast-launch"),
    path(f"{_ONE}/report/", reports.report, name="broadcast-report"),
    path(f"{_ONE}/report/export/", reports.export, name="broadcast-export"),
    path(f"{_ONE}/pace/", sending.pace, name="broadcast-pace"),
    path(f"{_ONE}/duplicate/", sending.duplicate, name="broadcast-duplicate"),
    path(f"{_ONE}/pause/", reports.pause, name="broadcast-pause"),
    path(f"{_ONE}/resume/", reports.resume, name="broadcast-resume"),
    path(f"{_ONE}/cancel/", reports.cancel, name="broadcast-cancel"),
    *sequence_urls.urlpatterns,
]
