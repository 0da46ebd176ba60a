# Wanted from outside: SECRET_KEY or SECRET_KEY_FILE, DATABASE_URL, PUBLIC_URL, FRONTEND_URL; see docs/settings.md.
# Migrations are a step of their own, before a new release starts:
#   docker run --rm -e SECRET_KEY -e DATABASE_URL latchkey python manage.py migrate

FROM python:3.13-slim AS build
COPY requirements.txt ./
RUN python -m venv /venv
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# Read by granian, and by the service for its pool of connections: docs/scaling.md.
ENV GRANIAN_BLOCKING_THREADS=8
# Else all processes end with the first that does. One that cannot even start is not tried for long.
ENV GRANIAN_RESPAWN_FAILED_WORKERS=true
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin latchkey
WORKDIR /app
COPY --from=build /venv /venv
COPY manage.py ./
COPY sessions_api ./sessions_api
COPY accounts ./accounts
COPY config ./config
# Python's image comes without bytecode, and nobody writes any later: each start and each health check would compile.
RUN python -m compileall -q /usr/local/lib/python3.13 /app
# By number, so that Kubernetes' runAsNonRoot can tell; it owns nothing here and writes nothing.
USER 10001
EXPOSE 8000
# Not urllib, which would ask the proxy that Docker may set for its containers.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["python", "-c", "import sys, http.client; c = http.client.HTTPConnection('127.0.0.1', 8000, timeout=2); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
CMD ["granian", "--interface", "wsgi", "--no-ws", "--http", "1", "--host", "0.0.0.0", "--port", "8000", "config.wsgi:application"]
