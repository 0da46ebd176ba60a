# Set SECRET_KEY or SECRET_KEY_FILE, DATABASE_URL, PUBLIC_URL and FRONTEND_URL: docs/settings.md.
# Migrate before a new release starts:
#   docker run --rm -e SECRET_KEY -e DATABASE_URL latchkey python manage.py migrate

FROM python:3.13-slim AS build
COPY requirements.txt ./
RUN python -m venv /venv
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# granian reads it, and so does the service, which keeps two threads out of the database: docs/scaling.md.
ENV GRANIAN_BLOCKING_THREADS=8
# The 64 MiB of a password hash get huge pages, where the kernel has some: docs/deployment.md.
ENV GLIBC_TUNABLES=glibc.malloc.hugetlb=1
# By default granian ends when one process ends. A process that cannot start is not retried for long.
ENV GRANIAN_RESPAWN_FAILED_WORKERS=true
# A process that is told to stop before it serves does not hear it. Docker kills all of them two seconds later.
ENV GRANIAN_WORKERS_KILL_TIMEOUT=8
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin latchkey
WORKDIR /app
COPY --from=build /venv /venv
COPY manage.py ./
COPY sessions_api ./sessions_api
COPY accounts ./accounts
COPY config ./config
# Python's image has no bytecode, and this user cannot write any: without it each start and health check would compile.
RUN python -m compileall -q /usr/local/lib/python3.13 /app
# A number, so that Kubernetes' runAsNonRoot can check it. This user owns and writes no file.
USER 10001
EXPOSE 8000
# http.client, because urllib would use the proxy that Docker may set for its containers.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["python", "-c", "import sys, http.client; c = http.client.HTTPConnection('127.0.0.1', 8000, timeout=2); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
CMD ["python", "-m", "config.server", "--host", "0.0.0.0", "--port", "8000"]
