"""The application that web servers load."""

import os
from typing import cast

from django.core.asgi import get_asgi_application

from watchkeeper.plumbing.body_limit import Application, BoundedBody

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchkeeper.config.settings")

application = BoundedBody(cast(Application, get_asgi_application()))
