"""All settings, read from the environment; `.env.example` lists the variables.

Without DATABASE_URL the installation is *embedded*: SQLite, a broker made of files and
secrets made on the first start, all in the folder OPTOUT_DATA. With it every secret
has to come from the environment.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

from optout_project import embedded, environment
from optout_project.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
OPTOUT_DATA = environment.folder("OPTOUT_DATA", BASE_DIR / "var")
EMBEDDED = not environment.text("DATABASE_URL")
DEBUG = environment.flag("DEBUG", default=False)

# Secrets

_kept_secrets = embedded.load_secrets(OPTOUT_DATA) if EMBEDDED else {}


def _secret(name: str) -> str:
    if EMBEDDED:
        return environment.text(name, _kept_secrets[name])
    return environment.required(name)


SECRET_KEY = _secret("SECRET_KEY")
# The key of every stored address. Never change it: an erased address cannot be keyed
# again, and no entry would block any more.
OPTOUT_HASH_KEY = environment.hash_key("OPTOUT_HASH_KEY", _secret("OPTOUT_HASH_KEY"))
# Credentials of channels: the first key encrypts, all decrypt.
OPTOUT_SECRETS_KEYS = environment.fernet_keys(
    "OPTOUT_SECRETS_KEYS", _secret("OPTOUT_SECRETS_KEYS")
)
# Unsubscribe tokens, as "id:key": the first signs, all verify.
OPTOUT_LINK_KEYS = environment.link_keys(
    "OPTOUT_LINK_KEYS", _secret("OPTOUT_LINK_KEYS")
)

# Where people and providers reach us

PORT = environment.integer("PORT", default=8000, least=1, most=65535)
PUBLIC_URL = environment.origin(
    "PUBLIC_URL",
    environment.text("PUBLIC_URL", f"http://127.0.0.1:{PORT}")
    if EMBEDDED
    else environment.required("PUBLIC_URL"),
)
_public = urlsplit(PUBLIC_URL)
_is_https = _public.scheme == "https"
# The local names serve health checks; links are made from PUBLIC_URL alone.
ALLOWED_HOSTS = environment.items("ALLOWED_HOSTS", [_public.hostname or ""])
ALLOWED_HOSTS += ["127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
# How many proxies stand in front and set X-Forwarded-For and X-Forwarded-Proto.
TRUST_PROXY = environment.integer("TRUST_PROXY", default=0, most=10)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None

# Where we may call out to (opt-out webhooks, connectors)

OUTBOUND_ALLOWED_HOSTS = environment.hosts_with_ports("OUTBOUND_ALLOWED_HOSTS")
WEBHOOK_ALLOW_HTTP = environment.flag("WEBHOOK_ALLOW_HTTP", default=False)

# Apps

INSTALLED_APPS = [
    "optout_project",  # carries management commands alone
    "connectors",
    "broadcaster",
    "teambox",
    "optout",
    # Before the admin, whose templates it replaces; the site is ours.
    "unfold.apps.BasicAppConfig",
    "optout_project.admin_config.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "template_partials",
    "axes",
    "csp",
]

MIDDLEWARE = [
    "optout_project.middleware.TrustedProxyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "optout_project.middleware.ContentPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "optout_project.urls"
WSGI_APPLICATION = "optout_project.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Database

SQLITE_TIMEOUT_SECONDS = 20
# Requests are short; a worker that builds audiences or migrates is given more.
STATEMENT_TIMEOUT_SECONDS = environment.integer("STATEMENT_TIMEOUT", default=60)
LOCK_TIMEOUT_SECONDS = 10


def _sqlite() -> dict[str, Any]:
    """WAL lets readers pass; IMMEDIATE takes the write lock before the first read.

    WAL without IMMEDIATE fails read-then-write transactions at once with "database is
    locked". FULL syncs each commit: an answered opt-out survives a power cut.
    """
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": OPTOUT_DATA / "optout.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": SQLITE_TIMEOUT_SECONDS,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
        # A file, as threads of one test cannot share a database in memory.
        "TEST": {"NAME": OPTOUT_DATA / "test.sqlite3"},
    }


def _postgresql() -> dict[str, Any]:
    config = environment.database("DATABASE_URL")
    timeouts = (
        f"-c statement_timeout={STATEMENT_TIMEOUT_SECONDS}s"
        f" -c lock_timeout={LOCK_TIMEOUT_SECONDS}s"
        " -c idle_in_transaction_session_timeout=60s"
    )
    # Not None, or nothing could be prepared; what is, `optout.prepared` decides.
    options = {
        "options": timeouts,
        "connect_timeout": 5,
        "prepare_threshold": 5,
        **config.pop("OPTIONS", {}),
    }
    return {
        **config,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


DATABASES = {"default": _sqlite() if EMBEDDED else _postgresql()}

# Throttles and the dashboard's counts. Kept in each process: a Redis that is away must
# not stop the API, and limits that count by process are exact enough.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# People

LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"
AUTHENTICATION_BACKENDS = [
    "optout.access.MaskedRoles",
    "axes.backends.AxesStandaloneBackend",
    "optout_project.log_in.OneQueryBackend",
]
_VALIDATORS = "django.contrib.auth.password_validation."
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": _VALIDATORS + "UserAttributeSimilarityValidator"},
    {"NAME": _VALIDATORS + "MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": _VALIDATORS + "CommonPasswordValidator"},
    {"NAME": _VALIDATORS + "NumericPasswordValidator"},
]
# Five wrong passwords lock this name from this address, and nobody else.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

# Cookies and headers

SESSION_COOKIE_NAME = "optout_session"
CSRF_COOKIE_NAME = "optout_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _is_https
CSRF_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = environment.flag("SECURE_SSL_REDIRECT", default=_is_https)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if _is_https else 0
# W005, W021: other names under the company's domain are not ours to speak for.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# Room for 10,000 recipients in one API call.
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024

# API

API_CALLS_PER_MINUTE = environment.integer("API_CALLS_PER_MINUTE", default=6000)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "optout.api.authentication.ApiKeyAuthentication"
    ],
    "DEFAULT_PERMISSION_CLASSES": ["optout_project.api_defaults.Nobody"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["optout.api.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "optout.api.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "optout.api.schema.ApiSchema",
    "DEFAULT_THROTTLE_CLASSES": ["optout.api.throttles.CallsPerKey"],
    "EXCEPTION_HANDLER": "optout.api.problems.handle",
    "NUM_PROXIES": 0,  # TrustedProxyMiddleware has put the client in REMOTE_ADDR
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Opt-out API",
    "DESCRIPTION": (
        "Honour opt-outs on every channel you write to people on.\n\n"
        "Bodies are strict JSON: a field that is not known, or that only we set, is "
        "refused, and so is an unknown query parameter. Addresses never stand in a URL."
    ),
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "Source": "optout.models.Source",
        "OptOutState": "optout.api.serializers.entries.STATES",
        "DeliveryState": "optout.models.DeliveryState",
        "Status": "broadcaster.api.serializers.STATUSES",
        "SequenceState": "broadcaster.api.sequence_serializers.STATES",
        "ConversationState": "teambox.models.ConversationState",
        "ReviewState": "optout.models.HoldState",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# Queue

REDIS_URL = environment.redis_url("REDIS_URL")
_BROKER_FOLDER = OPTOUT_DATA / "broker"


def _file_broker() -> dict[str, Any]:
    for folder in (_BROKER_FOLDER / "messages", _BROKER_FOLDER / "control"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "data_folder_in": str(_BROKER_FOLDER / "messages"),
        "data_folder_out": str(_BROKER_FOLDER / "messages"),
        "control_folder": str(_BROKER_FOLDER / "control"),
        "store_processed": False,
        "polling_interval": 0.2,
    }


CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
# A hint to a broker that is away fails within seconds: rows wait, people do not.
_REDIS_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 2, "max_retries": 0}
CELERY_BROKER_TRANSPORT_OPTIONS = _REDIS_OPTIONS if REDIS_URL else _file_broker()
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_BACKEND = None
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = bool(REDIS_URL)
CELERY_TIMEZONE = "UTC"

# The app's own notices (a webhook that gave up, a job that ended)

DEFAULT_FROM_EMAIL = environment.text("DEFAULT_FROM_EMAIL", "optout@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_TIMEOUT = 10
if environment.text("EMAIL_URL"):
    vars().update(environment.email("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

# Language, time, files, logs

LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
TIME_ZONE = environment.time_zone("TIME_ZONE", "UTC")

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Hashed names need `collectstatic`, which the image has run; without it the files are
# served from where they stand.
STATIC_MANIFEST = environment.flag("STATIC_MANIFEST", default=False)
STATIC_ROOT = (BASE_DIR if STATIC_MANIFEST else OPTOUT_DATA) / "staticfiles"
STATIC_ROOT.mkdir(exist_ok=True)
WHITENOISE_USE_FINDERS = not STATIC_MANIFEST
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_MANIFEST
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}
MEDIA_ROOT = OPTOUT_DATA / "files"

LOGGING = logging_config(environment.text("LOG_LEVEL", "INFO").upper())

UNFOLD = {
    "SITE_TITLE": "Opt-out administration",
    "SITE_HEADER": "Opt-out administration",
    "SITE_SYMBOL": "block",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("icons/favicon.svg"),
        }
    ],
}

if not EMBEDDED and DEBUG:
    raise ImproperlyConfigured("DEBUG must be 0 when DATABASE_URL is set.")
