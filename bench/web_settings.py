"""The product's settings for a server that has the bench's bare views beside it."""

from optout_project.settings import *  # noqa: F403

ROOT_URLCONF = "bench.web_urls"
