from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "sessions_api.events"
    verbose_name = "Events"
