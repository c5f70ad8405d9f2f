"""The application that web servers load."""

import os
import warnings
from typing import cast

from django.core.asgi import get_asgi_application

from watchkeeper.plumbing.body_limit import Application, BoundedBody

# WhiteNoise streams files by a plain iterator; Django reads it whole, which is what we want.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchkeeper.config.settings")

django_application = cast(Application, get_asgi_application())

from watchkeeper.alerts.middleware import IntakeMiddleware  # noqa: E402  Django comes first

application = BoundedBody(IntakeMiddleware(django_application))
