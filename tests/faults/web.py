"""The product's web process, as gunicorn serves it."""

import sys

from gunicorn.app.wsgiapp import run


def serve(port: int) -> None:
    """Serve on this port of the loopback, with one process for the requests."""
    sys.argv = ["gunicorn", "--bind", f"127.0.0.1:{port}", "optout_project.wsgi"]
    run()
