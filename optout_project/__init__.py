"""Composes the three apps into one project; holds no rule of its own."""

from optout_project.celery import app as celery_app

__all__ = ["celery_app"]
