"""How gunicorn serves the pages; it reads this file by itself."""

from optout_project.logs import gunicorn_logging

worker_class = "gthread"
workers = 1
threads = 8
timeout = 60
graceful_timeout = 10
keepalive = 5
# A poll names each row that its page shows in its URL; 8190 is the most there is.
limit_request_line = 8190
control_socket_disable = True
logconfig_dict = gunicorn_logging()
