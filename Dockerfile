# The steps are scripts, which tests/embedded/test_image_scripts.py runs without Docker.
FROM python:3.11-slim AS build
ENV VENV=/opt/venv
WORKDIR /app
COPY requirements.txt requirements-dev.txt ./
COPY docker/build.sh docker/build.sh
RUN docker/build.sh packages
COPY . .
RUN docker/build.sh messages && docker/build.sh static

FROM python:3.11-slim
ENV VENV=/opt/venv PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 VAR_DIR=/app/var
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
RUN docker/build.sh user
USER 10001:10001
VOLUME /app/var
EXPOSE 8000
ENTRYPOINT ["docker/entrypoint.sh"]
CMD ["web"]
