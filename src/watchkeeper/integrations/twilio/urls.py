"""Where Twilio tells what became of messages and calls."""

from django.urls import path

from watchkeeper.integrations.twilio import receipts

urlpatterns = [path("receipts/twilio/<str:token>", receipts.receive)]
