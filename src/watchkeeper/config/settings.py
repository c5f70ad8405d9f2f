"""Django's settings, made from :mod:`watchkeeper.plumbing.environment`."""

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url

from watchkeeper.plumbing import keys
from watchkeeper.plumbing.environment import Environment

ENVIRONMENT = Environment()
WATCHKEEPER = ENVIRONMENT
PACKAGE = Path(__file__).parent.parent

# Commands make the key file before Django starts (cli.bootstrap). Without one (type checks,
# documentation) nothing may be stored: the encryption of secrets refuses to work.
WATCHKEEPER_KEY_FILE = ENVIRONMENT.key_file
SECRET_KEY = (
    keys.Keyring.load(WATCHKEEPER_KEY_FILE).derive("django").hex()
    if WATCHKEEPER_KEY_FILE.exists()
    else secrets.token_hex(32)
)
DEBUG = False
PUBLIC = urlsplit(ENVIRONMENT.public_url or "")
ALLOWED_HOSTS = [*filter(None, [PUBLIC.hostname]), "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [f"{PUBLIC.scheme}://{PUBLIC.netloc}"] if PUBLIC.netloc else []

# Ours come first: their templates take the place of those that libraries bring.
INSTALLED_APPS = [
    "watchkeeper.plumbing",
    "watchkeeper.ui",
    "watchkeeper.audit",
    "watchkeeper.identity",
    "watchkeeper.catalog",
    "watchkeeper.telemetry",
    "watchkeeper.changes",
    "watchkeeper.notifications",
    "watchkeeper.oncall",
    "watchkeeper.slos",
    "watchkeeper.alerts",
    "watchkeeper.manifests",
    "watchkeeper.drills",
    "watchkeeper.home",
    "watchkeeper.integrations",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "ninja",
]


def _database(url: str) -> dict[str, Any]:
    """Return Django's form of a database URL, with the options that keep promises.

    SQLite: WAL with FULL sync so that a commit survives a power cut, IMMEDIATE so that writers
    queue instead of failing; little of the file is mapped, as it counts as memory of the process.
    PostgreSQL: client-side deadlines, as a frozen server honours none.
    """
    database: dict[str, Any] = dict(dj_database_url.parse(url))
    options = dict(database.get("OPTIONS") or {})
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database["ENGINE"] = "watchkeeper.plumbing.sqlite"
        # Tests use a real file: SQLite in memory locks in other ways.
        database["TEST"] = {"NAME": str(ENVIRONMENT.data / "test.db")}
        options |= {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA page_size=8192;PRAGMA journal_mode=WAL;"
            "PRAGMA synchronous=FULL;PRAGMA busy_timeout=20000;PRAGMA foreign_keys=ON;"
            "PRAGMA mmap_size=33554432;PRAGMA cache_size=-20000;",
        }
    else:
        database["ENGINE"] = "watchkeeper.plumbing.postgresql"
        options |= {"connect_timeout": 2, "tcp_user_timeout": 5000}
        options |= {"keepalives_idle": 5, "keepalives_interval": 2}
        # For each lane (plumbing/postgresql); whoever gets no connection in 2 s is told 503.
        options.setdefault(
            "pool", {"min_size": 1, "max_size": 12, "timeout": 2, "reconnect_timeout": 2}
        )
        # A node that stands still in a transaction must not keep an acknowledgement waiting.
        options.setdefault("options", "-c idle_in_transaction_session_timeout=10000")
    return database | {"OPTIONS": options}


DATABASES = {"default": _database(ENVIRONMENT.database)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "identity.User"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"

MIDDLEWARE = [
    "watchkeeper.plumbing.middleware.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "watchkeeper.identity.middleware.ActorMiddleware",
    "watchkeeper.plumbing.idempotency.IdempotencyMiddleware",
]
ROOT_URLCONF = "watchkeeper.config.urls"
ASGI_APPLICATION = "watchkeeper.config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "watchkeeper.ui.context.shell",
            ],
            "builtins": ["watchkeeper.ui.templatetags.wk"],
        },
    }
]

STATIC_URL = "/static/"
STATIC_ROOT = None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

# reliability.md S18: nothing inline, nothing from elsewhere.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
SECURE_HTTPS = PUBLIC.scheme == "https"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_HTTPS else 0
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_NAME = "__Host-wk_session" if SECURE_HTTPS else "wk_session"
SESSION_COOKIE_SECURE = SECURE_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 7 * 24 * 3600
# By this a browser that somebody signed in with before is told from a stranger's.
WATCHKEEPER_DEVICE_COOKIE = "__Host-wk_device" if SECURE_HTTPS else "wk_device"
CSRF_COOKIE_NAME = "__Host-wk_csrf" if SECURE_HTTPS else "wk_csrf"
CSRF_COOKIE_SECURE = SECURE_HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "watchkeeper.plumbing.middleware.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = ENVIRONMENT.body_limit_bytes

PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "watchkeeper.identity.middleware.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "name"
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
# Wrong passwords and codes are counted in the database, so that all nodes count together
# (identity/usecases/attempts.py); the library's own limits know one process only.
ACCOUNT_RATE_LIMITS = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_FORMS = {"change_password": "watchkeeper.identity.forms.NewPasswordForm"}
MFA_ADAPTER = "watchkeeper.identity.middleware.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "watchkeeper.identity.forms.SecondFactorForm",
    "reauthenticate": "watchkeeper.identity.forms.CodeAgainForm",
}
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Watchkeeper"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

# Adapters of telemetry's port MinuteSource, by kind of source.
WATCHKEEPER_SOURCES = {
    "prometheus": "watchkeeper.integrations.prometheus.adapter.PrometheusSource",
    "sample": "watchkeeper.integrations.sample.adapter.SampleSource",
}

# Readers and doors of alerts' ports, by kind of integration.
WATCHKEEPER_INTAKES = {
    "alertmanager": "watchkeeper.integrations.alertmanager.inbound.AlertmanagerReader",
    "grafana": "watchkeeper.integrations.grafana.inbound.GrafanaReader",
    "generic": "watchkeeper.integrations.generic.inbound.GenericReader",
    "cloudevents": "watchkeeper.integrations.cloudevents.inbound.CloudEventsReader",
    "cloudwatch": "watchkeeper.integrations.cloudwatch.inbound.CloudWatchReader",
    "datadog": "watchkeeper.integrations.datadog.inbound.DatadogReader",
    "change": "watchkeeper.integrations.change.inbound.ChangeDoor",
    "heartbeat": "watchkeeper.integrations.heartbeat.inbound.HeartbeatReader",
    "pagerduty": "watchkeeper.integrations.pagerduty.inbound.PagerDutyDoor",
    "opsgenie": "watchkeeper.integrations.opsgenie.inbound.OpsgenieDoor",
}

# Who above alerts knows what helps with one (alerts.ports.AlertContext).
WATCHKEEPER_ALERT_CONTEXTS: list[str] = []

# What fills identity's port: sections of a team's page.
WATCHKEEPER_TEAM_PANELS = ["watchkeeper.catalog.views.team_panel.ServicesPanel"]

# What fills catalog's ports: sections of a service's page, and what knows the SLOs of services.
WATCHKEEPER_SERVICE_PANELS = [
    "watchkeeper.slos.views.service_panel.SloPanel",
    "watchkeeper.changes.views.service_panel.ChangesPanel",
]
WATCHKEEPER_SERVICE_WATCH = "watchkeeper.slos.views.service_panel.SloWatch"

# Adapters of notifications' port Channel, by channel.
WATCHKEEPER_CHANNELS = {
    "webhook": "watchkeeper.integrations.webhook.adapter.WebhookChannel",
    "email": "watchkeeper.integrations.email.adapter.EmailChannel",
    "slack": "watchkeeper.integrations.slack.adapter.SlackChannel",
    "teams": "watchkeeper.integrations.teams.adapter.TeamsChannel",
    "ntfy": "watchkeeper.integrations.ntfy.adapter.NtfyChannel",
    "sms": "watchkeeper.integrations.twilio.adapter.SmsChannel",
    "voice": "watchkeeper.integrations.twilio.adapter.VoiceChannel",
    "apprise": "watchkeeper.integrations.apprise.adapter.AppriseChannel",
}

# What fills notifications' port PageKeeper, and oncall's port PagedSubject by kind of subject.
WATCHKEEPER_PAGE_KEEPER = "watchkeeper.oncall.usecases.page_keeper.PageKeeper"
WATCHKEEPER_SUBJECTS = {"alert": "watchkeeper.alerts.subject.AlertSubject"}

# Who above oncall knows what names an escalation policy (oncall.ports.PolicyUses).
WATCHKEEPER_POLICY_USES = ["watchkeeper.alerts.queries.policy_uses.uses"]

# What the slices know to be wrong with the installation, for the watchman.
WATCHKEEPER_CONCERNS = [
    "watchkeeper.notifications.queries.concerns",
    "watchkeeper.oncall.queries.concerns",
]

# What the engine runs.
WATCHKEEPER_JOBS = "watchkeeper.config.jobs.JOBS"
WATCHKEEPER_LOOPS = "watchkeeper.config.jobs.LOOPS"
