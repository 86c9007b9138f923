"""Tasks: the clock names real ones, each expires, and nothing imports them."""

from inspect import signature

import grimp
import pytest

from optout_project.celery import app

APPS = ("optout", "teambox", "broadcaster", "connectors")


@pytest.fixture(scope="module")
def registered() -> set[str]:
    app.loader.import_default_modules()
    return {name for name in app.tasks if not name.startswith("celery.")}


def test_each_beat_entry_names_a_registered_task(registered: set[str]) -> None:
    named = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert named - registered == set()


def test_each_task_is_looked_at_by_beat(registered: set[str]) -> None:
    named = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert registered - named == set()


def test_each_tick_expires_by_the_next_one() -> None:
    for entry in app.conf.beat_schedule.values():
        assert 0 < entry["options"]["expires"] <= entry["schedule"].total_seconds()


def test_no_task_takes_arguments(registered: set[str]) -> None:
    for name in registered:
        assert not signature(app.tasks[name].run).parameters, name


def test_nothing_imports_a_task_module() -> None:
    graph = grimp.build_graph("optout_project", *APPS, cache_dir=None)
    importers = {
        f"{name}.tasks": graph.find_modules_that_directly_import(f"{name}.tasks")
        for name in APPS
        if f"{name}.tasks" in graph.modules
    }
    assert not any(importers.values()), importers
