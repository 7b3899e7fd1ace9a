"""Settings that hold everywhere. local, test and production add to them and change nothing of the safety rules.

Environment: see docs/configuration.md for the list, the defaults and what each one is for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from config.settings.unfold import UNFOLD, UNFOLD_OPERATOR  # noqa: F401  (Django settings)

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = environ.Env()

VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var")))
DEBUG = False
SECRET_KEY = env.str("SECRET_KEY", "")
# The first key seals, every key unseals: rotate by putting a new one in front. Base64 of 32 bytes each.
MASTER_KEYS: list[str] = env.list("MASTER_KEYS", default=[])
ALLOWED_HOSTS = ["*"]  # a host that is no brand's is answered 404 by BrandMiddleware, before anything else

PLATFORM_HOST = env.str("PLATFORM_HOST", "localhost")
# Further names of the platform itself; local.py adds those of one's own machine.
PLATFORM_EXTRA_HOSTS: list[str] = env.list("PLATFORM_EXTRA_HOSTS", default=[])
BRAND_HOST_SUFFIX = env.str("BRAND_HOST_SUFFIX", ".localhost")
PUBLIC_SCHEME = env.str("PUBLIC_SCHEME", "https")
PUBLIC_PORT = env.str("PUBLIC_PORT", "")
# How many proxies in front may be believed about the client's address; 0 = none, the socket's peer is the client.
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 0)
# Brand.clock_shift is only honoured where this is on: the demo and the tests.
CLOCK_MOVABLE = False
# The local stand-ins for the outside (mail catcher, failpoints, brands on the landing page): never in production.
SANDBOX = False

# --- rooms -------------------------------------------------------------------------------------------------------
SHARED_APPS = ["django_tenants", "django.contrib.contenttypes", "tenants"]
TENANT_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "core",
    "members",
    "loyalty",
    "draws",
    "referrals",
    "rewards",
    "claims",
    "panels",
    "billing",
    "partners",
    "engagement",
    "analytics",
]
TABLELESS_APPS = [
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
# unfold before django_tenants: both override admin/index.html, and unfold's is the one we want.
INSTALLED_APPS = [
    *TENANT_APPS[:3],
    *SHARED_APPS,
    *[app for app in TENANT_APPS[3:] if app not in SHARED_APPS],
    *TABLELESS_APPS,
]

# --- brands ------------------------------------------------------------------------------------------------------
TENANT_MODEL = "tenants.Brand"
TENANT_DOMAIN_MODEL = "tenants.Domain"
TEMPLATE_SCHEMA = "template_brand"
OPERATOR_SLUG = "operator"
PUBLIC_SCHEMA_URLCONF = "config.urls_platform"
ROOT_URLCONF = "config.urls_brand"
OPERATOR_URLCONF = "config.urls_operator"
SHOW_PUBLIC_IF_NO_TENANT_FOUND = False
TENANT_LIMIT_SET_CALLS = True
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter", "core.tenancy.OriginRouter"]

# --- database ----------------------------------------------------------------------------------------------------
# Two roles. The owner migrates and provisions (its own process); web and workers are guests who can't alter a table
# nor edit a ledger entry. STAMGAST_DB_ROLE=owner turns this process into the owner's; manage.py does it for the
# commands that migrate.
DATABASE_URL = env.str("DATABASE_URL", "")
DATABASE_OWNER_URL = env.str("DATABASE_OWNER_URL", "")
DB_ROLE = env.str("STAMGAST_DB_ROLE", "app")


def database(url: str, **options: Any) -> dict[str, Any]:
    """A DATABASES entry for a PostgreSQL URL, with the tenant-aware engine."""
    given: dict[str, Any] = dict(environ.Env.db_url_config(url)) if url else {"NAME": "", "HOST": ""}
    parsed = {**given, "ENGINE": "core.postgres"}
    parsed["OPTIONS"] = {**parsed.get("OPTIONS", {}), **options}
    return parsed


DB_POOL_SIZE = env.int("DB_POOL_SIZE", 8)
# A wait for a lock ends in a 503 with Retry-After, never in a hung request.
DB_LOCK_TIMEOUT_MS = env.int("DB_LOCK_TIMEOUT_MS", 2000)
DATABASES = {
    "default": database(
        DATABASE_OWNER_URL or DATABASE_URL if DB_ROLE == "owner" else DATABASE_URL,
        options=f"-c lock_timeout={DB_LOCK_TIMEOUT_MS} -c timezone=UTC",
    )
}
CONN_MAX_AGE = 0
ATOMIC_REQUESTS = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- web ---------------------------------------------------------------------------------------------------------
MIDDLEWARE = [
    "core.health.HealthMiddleware",
    # Before the brand is known, so that the answers "no such brand" and "closed" carry the headers too.
    "django.middleware.security.SecurityMiddleware",
    "core.csp.ContentSecurityPolicyMiddleware",
    "tenants.middleware.BrandMiddleware",
    "core.http.BodyGuardMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    # What stands from here to the end is for pages: the API's requests don't go through it.
    "core.lanes.ApiLane",
    "tenants.middleware.BrandSessionMiddleware",
    "members.acquisition.FirstTouchMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
    "core.lanes.lane_end",
]
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
                "django.template.context_processors.i18n",
                "tenants.context_processors.brand",
                "loyalty.menu.menu",
            ],
        },
    }
]
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024  # a bulk of 1,000 events; core.http refuses more with a 413
# Files to import are streamed to the disk, at these addresses only; see core.http.
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", 500_000_000)
# Refused rows and left files of imports are deleted so many days after the import was over.
IMPORT_KEEP_DAYS = env.int("IMPORT_KEEP_DAYS", 90)
LARGE_BODIES = {"/api/v1/imports": IMPORT_MAX_BYTES, "/admin/loyalty/importjob/add/": IMPORT_MAX_BYTES}
# Where a member's form sends a photo, by the path's beginning: a phone's is often larger than all else may be.
FILE_UPLOAD_LIMITS = {
    "/claims/new/": 11 * 1024 * 1024,
    "/admin/rewards/codepool/": 220 * 1024 * 1024,  # a million codes of 200 characters
}
SESSION_ENGINE = "tenants.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
# The platform's host sets it by Django's own view; members.adapter does for the brands.
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
USE_X_FORWARDED_HOST = False
CSRF_FAILURE_VIEW = "core.views.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "media"

# --- people ------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "members.User"
# allauth's is a ModelBackend too; beside it, Django's own would hash every wrong password a second time.
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "members.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {"signup": "members.forms.SignupForm"}
# One address a person: a new one takes the old one's place once it is proven.
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True


def _account_salt() -> str:
    """All brands sign with one key, so the brand is in the salt: a link of one opens nothing at another."""
    from django.db import connection

    return f"account/{connection.schema_name}"  # type: ignore[attr-defined]  # django-tenants'


ACCOUNT_SALT = lazy(_account_salt, str)()
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "members.tokens.BrandTokenGenerator"  # noqa: S105  (a class)
# `login`: tries from one address, whoever they are for. Those for one person are axes' (below). `login_failed`: guesses
# at one person's second factor, whose password is known by then. Counted in PostgreSQL, see core/guesses.py.
ACCOUNT_RATE_LIMITS = {"login": "40/m/ip,400/h/ip", "login_failed": "10/15m/key"}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ADAPTER = "members.adapter.MFAAdapter"

# Lock-outs are counted in PostgreSQL: several processes must agree on them. Per person and address together, so that
# an attacker elsewhere can't lock the owner out.
AXES_FAILURE_LIMIT = 10
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_COOLOFF_TIME = 1  # hour
AXES_RESET_ON_SUCCESS = True
AXES_HTTP_RESPONSE_CODE = 429
AXES_LOCKOUT_TEMPLATE = "account/locked_out.html"
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "members.lockout.username_of"
AXES_DISABLE_ACCESS_LOG = True  # who logged in from where is personal, and nobody here asks for it
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "core.http.client_ip"

# --- language and time -------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("nl", _("Dutch"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
FORMAT_MODULE_PATH = ["config.formats"]
USE_TZ = True
TIME_ZONE = "UTC"

# --- API ---------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["core.api.auth.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["core.api.perms.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.ApiSchema",
    "DEFAULT_PAGINATION_CLASS": "core.api.pagination.CursorPages",
    "EXCEPTION_HANDLER": "core.api.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "UNICODE_JSON": True,
    "STRICT_JSON": True,
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Stamgast API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": ["core.api.schema.finish_document"],
}
API_RATE_LIMIT_PER_MINUTE = env.int("API_RATE_LIMIT_PER_MINUTE", 6000)

# --- cache, mail, work -------------------------------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", "")
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache" if REDIS_URL else "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": REDIS_URL or "stamgast",
        "KEY_FUNCTION": "django_tenants.cache.make_key",
        **({"REVERSE_KEY_FUNCTION": "django_tenants.cache.reverse_key"} if REDIS_URL else {}),
    },
    # What several processes must agree on: counters of guesses, one-time codes that were used.
    "guesses": {"BACKEND": "core.guesses.GuessCache", "KEY_FUNCTION": "django_tenants.cache.make_key"},
}
EMAIL_TIMEOUT = 10
vars().update(env.email_url("EMAIL_URL", default="smtp://localhost:25"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Stamgast <no-reply@stamgast.example>")

BROKER_DIR = VAR_DIR / "broker"
CELERY_BROKER_URL = REDIS_URL or "filesystem://"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    # A request that wakes a worker doesn't wait for a broker that is away: Celery would try for six seconds. The sweep
    # finds what nobody was woken for. Workers have retries of their own.
    {
        "visibility_timeout": 3600,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
        "socket_connect_timeout": 1,
    }
    if REDIS_URL
    else {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
        "processed_folder": str(BROKER_DIR / "done"),
        "store_processed": False,
    }
)
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TENANT_CACHE_SECONDS = 30
CELERY_TASK_ROUTES = {"tenants.tasks.provision_signup": {"queue": "provision"}}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
}
# auth.W004: User.email is unique, by Lower("email"), which this check doesn't see.
SILENCED_SYSTEM_CHECKS: list[str] = ["auth.W004"]

# --- payments ----------------------------------------------------------------------------------------------------
# Where requests to Stripe go when not to Stripe itself: a stand-in, never with a live key; see billing.gateway.
STRIPE_API_BASE = env.str("STRIPE_API_BASE", "")
# The platform's own key, for brands that are connected by Stripe Connect; its mode is theirs. And what webhooks about
# them are signed with, the newest first; `stripe_platform` makes the endpoint and tells its secret once.
STRIPE_PLATFORM_KEY = env.str("STRIPE_PLATFORM_KEY", "")
STRIPE_PLATFORM_SECRETS: list[str] = env.list("STRIPE_PLATFORM_SECRETS", default=[])
# Events of Stripe's and requests to it are deleted so many days after they were done; see billing.forgetting.
BILLING_KEEP_DAYS = env.int("BILLING_KEEP_DAYS", 90)

# --- suppliers ---------------------------------------------------------------------------------------------------
# "host:port" of stand-ins of the outside that core.egress lets through; see there. local.py and tests fill it.
EGRESS_STAND_INS: frozenset[str] = frozenset()
