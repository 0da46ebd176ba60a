from django.urls import path

from config.urls import urlpatterns as latchkey

from .notes import drf, views
from .notes.api import api

urlpatterns = [
    path("api/notes/export", views.export),
    path("api/notes/digest", views.digest),
    path("api/notes/key", views.key),
    path("api/notes/publish", views.publish),
    path("api/notes/stats", drf.Stats.as_view()),
    path("api/notes/archive", drf.Archive.as_view()),
    path("api/notes/", api.urls),
    *latchkey,
]
