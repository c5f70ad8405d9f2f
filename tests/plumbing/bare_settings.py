"""Django with this slice alone, on the product's own database settings, for tests of processes."""

from watchkeeper.config.settings import (
    DATABASES,
    DEFAULT_AUTO_FIELD,
    SECRET_KEY,
    USE_TZ,
    WATCHKEEPER,
    WATCHKEEPER_KEY_FILE,
)

__all__ = ["DATABASES", "DEFAULT_AUTO_FIELD", "USE_TZ", "WATCHKEEPER", "WATCHKEEPER_KEY_FILE"]

SECRET_KEY = SECRET_KEY  # noqa: PLW0127  Django reads it from here
INSTALLED_APPS = ["watchkeeper.plumbing"]
