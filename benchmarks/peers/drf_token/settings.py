"""https://www.django-rest-framework.org/api-guide/authentication/#tokenauthentication"""

from benchmarks.peers.startproject import *

INSTALLED_APPS += ["rest_framework", "rest_framework.authtoken"]
REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"]}
