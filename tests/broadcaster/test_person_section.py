"""The contact panel's section of the sequences somebody is in."""

import pytest
from django.test import Client

from broadcaster import enrolments, sequences
from broadcaster.models import Sequence
from optout.access import Role
from optout.actors import NOBODY
from optout.models import Channel
from tests.factories import ASHA, opt_out
from tests.page_clients import browser_of, queries_of, text_of
from tests.sequencing import enrol, make_sequence, work
from tests.teambox.panels import mask_for, panel_of

PANEL = panel_of(ASHA)


@pytest.fixture
def marketer(db) -> Client:
    return browser_of(Role.MARKETER)


@pytest.fixture
def welcome(phone: Channel) -> Sequence:
    return make_sequence(phone)


def section(browser: Client) -> str:
    """The words of the section."""
    text = text_of(browser.get(PANEL))
    return text.partition("Sequences ")[2].partition("Last sends")[0]


def test_it_tells_the_state_and_the_next_step(marketer, welcome) -> None:
    enrol(welcome, ASHA)
    work()
    shown = section(marketer)
    assert "Welcome Waiting" in shown
    assert "Step 2" in shown


def test_it_is_not_there_for_somebody_who_was_never_enrolled(marketer, phone) -> None:
    opt_out(ASHA)
    assert 'id="panel-sequences"' not in marketer.get(PANEL).content.decode()


def test_who_left_by_an_opt_out_may_go_on_at_the_step_that_was_due(
    marketer, welcome
) -> None:
    opt_out(ASHA)
    row = enrol(welcome, ASHA)
    work()
    shown = section(marketer)
    assert "Optout Number" in shown
    assert "Resume at step 1" in shown
    resume = f"/sequences/enrolments/{row.pk}/resume/?panel"
    assert "Opt-out lists are respected" in text_of(marketer.get(resume))


def test_only_the_newest_enrolment_offers_to_go_on(marketer, welcome) -> None:
    for _ in range(2):
        row = enrol(welcome, ASHA)
        enrolments.unenrol(welcome, [row.key], actor=NOBODY)
    assert section(marketer).count("Resume at step") == 1


def test_an_ended_sequence_offers_no_way_back(marketer, welcome) -> None:
    row = enrol(welcome, ASHA)
    enrolments.unenrol(welcome, [row.key], actor=NOBODY)
    sequences.end(welcome, actor=NOBODY)
    assert "Resume" not in section(marketer)


def test_unenrolling_from_the_panel_goes_back_to_it(marketer, welcome) -> None:
    row = enrol(welcome, ASHA)
    answer = marketer.post(f"/sequences/enrolments/{row.pk}/unenrol/?panel")
    assert answer.url == PANEL
    assert welcome.enrolments.get().end_reason == "unenrolled"


def test_an_agent_may_unenrol_and_not_resume(welcome) -> None:
    agent = browser_of(Role.AGENT)
    row = enrol(welcome, ASHA)
    assert "Unenrol" in section(agent)
    answer = agent.post(f"/sequences/enrolments/{row.pk}/unenrol/")
    assert answer.url == PANEL
    assert "Resume" not in section(agent)


def test_the_copied_text_tells_it_too(marketer, welcome) -> None:
    enrol(welcome, ASHA)
    summary = marketer.get(PANEL).context["panel_summary"]
    assert f"Sequences:\n- Welcome, {ASHA}: Waiting for step 1" in summary


def test_a_masked_role_copies_no_whole_address(marketer, welcome) -> None:
    enrol(welcome, ASHA)
    mask_for(Role.MARKETER)
    assert ASHA not in marketer.get(PANEL).context["panel_summary"]


def test_the_panel_asks_as_often_for_many_enrolments(marketer, phone, welcome) -> None:
    enrol(welcome, ASHA)
    before = queries_of(marketer, PANEL)
    enrol(make_sequence(phone), ASHA)
    assert queries_of(marketer, PANEL) == before
