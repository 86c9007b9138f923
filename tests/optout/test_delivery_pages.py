"""The webhook delivery log, its resends, and the webhook page of a list."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from optout import webhook_queue, webhooks
from optout.models import DeliveryEvent, DeliveryState, OptOutList, WebhookDelivery
from tests.factories import make_list

pytestmark = pytest.mark.django_db
LOG = "/opt-out/webhooks/"


@pytest.fixture
def promotions() -> OptOutList:
    row = make_list()
    row.webhook_url = "https://example.com/hook"
    row.save(update_fields=["webhook_url"])
    return row


def log_in(client: Client, role: str) -> Client:
    user = User.objects.create_user(role.lower())
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    return client


@pytest.fixture
def staff(client: Client) -> Client:
    return log_in(client, "Compliance")


def make_delivery(
    opt_out_list: OptOutList, state: str = "exhausted", **more: object
) -> WebhookDelivery:
    made = webhooks.announce_test(opt_out_list)
    WebhookDelivery.objects.filter(pk=made.pk).update(state=state, **more)
    made.refresh_from_db()
    return made


def states() -> list[str]:
    return list(WebhookDelivery.objects.order_by("id").values_list("state", flat=True))


def test_the_log_filters_by_list_state_and_event(
    staff: Client, promotions: OptOutList
) -> None:
    other = make_list("News", "NEWS OFF")
    failed, held = make_delivery(promotions), make_delivery(other, "held")
    WebhookDelivery.objects.filter(pk=held.pk).update(event=DeliveryEvent.LIFTED)
    for query in (f"list={promotions.pk}", "state=exhausted", "event=test"):
        html = staff.get(f"{LOG}?{query}").content.decode()
        assert failed.webhook_id in html
        assert held.webhook_id not in html


def test_a_filter_that_makes_no_sense_finds_nothing(
    staff: Client, promotions: OptOutList
) -> None:
    make_delivery(promotions)
    response = staff.get(f"{LOG}?state=eaten")
    assert b"No delivery matches these filters" in response.content


def test_an_empty_log_says_what_would_fill_it(staff: Client) -> None:
    assert b"No webhook was posted yet" in staff.get(LOG).content


def test_a_delivery_shows_each_try_and_its_answer_as_text(
    staff: Client, promotions: OptOutList
) -> None:
    tries = [
        {"at": "2026-11-20T10:00:00+00:00", "error": "The name does not resolve."},
        {
            "at": "2026-11-20T10:05:00+00:00",
            "status": 503,
            "milliseconds": 1834,
            "response": "<script>alert(1)</script>",
        },
    ]
    delivery = make_delivery(promotions, tries=tries)
    html = staff.get(reverse("delivery", args=[delivery.pk])).content.decode()
    assert "The name does not resolve." in html
    assert "Answered 503" in html
    assert "1,834 ms" in html
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>alert(1)" not in html


def test_resend_queues_one_delivery_again(
    staff: Client, promotions: OptOutList
) -> None:
    first, _ = make_delivery(promotions), make_delivery(promotions)
    staff.post(reverse("delivery-resend", args=[first.pk]))
    assert states() == ["pending", "exhausted"]


def test_resend_all_failed_takes_those_the_filters_show(
    staff: Client, promotions: OptOutList
) -> None:
    other = make_list("News", "NEWS OFF")
    make_delivery(promotions), make_delivery(other), make_delivery(promotions, "held")
    staff.post(f"{reverse('deliveries-resend-failed')}?list={promotions.pk}")
    assert states() == ["pending", "exhausted", "held"]


def test_a_filter_that_makes_no_sense_resends_nothing(
    staff: Client, promotions: OptOutList
) -> None:
    make_delivery(promotions)
    staff.post(f"{reverse('deliveries-resend-failed')}?list=x")
    assert states() == ["exhausted"]


def test_send_test_queues_made_up_data(staff: Client, promotions: OptOutList) -> None:
    staff.post(reverse("list-webhook-test", args=[promotions.pk]))
    assert WebhookDelivery.objects.get().event == DeliveryEvent.TEST


def test_a_list_without_a_webhook_is_sent_no_test(staff: Client) -> None:
    quiet = make_list("News", "NEWS OFF")
    response = staff.post(reverse("list-webhook-test", args=[quiet.pk]), follow=True)
    assert b"no webhook URL to post to" in response.content
    assert not WebhookDelivery.objects.exists()


def test_a_disabled_webhook_is_enabled_with_what_is_held(
    staff: Client, promotions: OptOutList
) -> None:
    make_delivery(promotions, "pending")
    webhook_queue.disable(promotions)
    assert b"Enable and post what is held" in staff.get(LOG).content
    staff.post(reverse("list-webhook-enable", args=[promotions.pk]))
    promotions.refresh_from_db()
    assert promotions.webhook_disabled_at is None
    assert states() == [DeliveryState.PENDING]


def test_the_lists_webhook_page_shows_the_url_and_never_a_secret(
    staff: Client, promotions: OptOutList
) -> None:
    fresh = webhooks.rotate_secret(promotions)
    html = staff.get(reverse("list-webhook", args=[promotions.pk])).content.decode()
    assert "https://example.com/hook" in html
    assert "A rotation is under way" in html
    assert fresh not in html


def test_more_deliveries_cost_no_more_queries(
    staff: Client,
    promotions: OptOutList,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(10):
        make_delivery(promotions)
    staff.get(LOG)
    with django_assert_max_num_queries(14):
        staff.get(LOG)


@pytest.mark.parametrize("role", ["Agent", "Marketer"])
def test_who_does_not_look_after_webhooks_is_refused(
    client: Client, promotions: OptOutList, role: str
) -> None:
    delivery = make_delivery(promotions)
    log_in(client, role)
    looks = [LOG, reverse("delivery", args=[delivery.pk])]
    looks.append(reverse("list-webhook", args=[promotions.pk]))
    acts = [reverse("deliveries-resend-failed")]
    acts += [reverse("delivery-resend", args=[delivery.pk])]
    for name in ("list-webhook-test", "list-webhook-enable"):
        acts.append(reverse(name, args=[promotions.pk]))
    assert {client.get(url).status_code for url in looks} == {403}
    assert {client.post(url).status_code for url in acts} == {403}
    assert states() == ["exhausted"]


def test_a_stranger_is_sent_to_the_log_in(client: Client) -> None:
    assert client.get(LOG)["Location"].startswith("/login/")
