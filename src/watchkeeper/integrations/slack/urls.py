"""Where Slack tells that a button was pressed."""

from django.urls import path

from watchkeeper.integrations.slack import buttons

urlpatterns = [path("receipts/slack", buttons.pressed)]
