"""The product's web process on the test database, for gunicorn, with crash points."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from tests.faults import crash_points, leases, program

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "optout_project.settings")
settings.DATABASES["default"]["NAME"] = os.environ[program.DATABASE_VARIABLE]
application = get_wsgi_application()
leases.shorten()
crash_points.install()
