"""The application that web servers load."""

import os

from django.core.asgi import get_asgi_application

from watchkeeper.plumbing.body_limit import BoundedBody

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchkeeper.config.settings")

application = BoundedBody(get_asgi_application())
