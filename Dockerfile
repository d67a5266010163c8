# Two images of labelloop: `small` (annotation watcher, command line; no torch) and `learner` (all services,
# `labelloop init`). docker-compose.yml builds them; by hand: docker build --target small -t labelloop .

ARG PYTHON_IMAGE=python:3.11-slim-bookworm


FROM ${PYTHON_IMAGE} AS tools
# UV_DEFAULT_INDEX: a mirror of PyPI, where one must be used.
ARG UV_DEFAULT_INDEX
ENV UV_LINK_MODE=copy \
    UV_COMPILE_BYTECODE=1 \
    VIRTUAL_ENV=/opt/labelloop
RUN PIP_INDEX_URL="$UV_DEFAULT_INDEX" \
        python3 -m pip install --quiet --no-cache-dir --disable-pip-version-check --root-user-action ignore uv==0.13.9 && \
    python3 -m venv --without-pip "$VIRTUAL_ENV"
WORKDIR /build
COPY pyproject.toml requirements.txt README.md LICENSE ./


FROM tools AS small-packages
ARG UV_DEFAULT_INDEX
# Of what the command line can do, only pools and exports need Arrow, which is larger than all the rest.
RUN --mount=type=cache,target=/root/.cache/uv \
    echo pyarrow >excludes.txt && \
    uv pip install --constraint requirements.txt --excludes excludes.txt -r pyproject.toml --extra kafka


FROM tools AS learner-packages
# UV_TORCH_BACKEND: which build of torch; empty takes that of the index, which carries 4 GB of CUDA.
ARG UV_DEFAULT_INDEX
ARG UV_TORCH_BACKEND=cpu
RUN --mount=type=cache,target=/root/.cache/uv \
    if [ -z "$UV_TORCH_BACKEND" ]; then unset UV_TORCH_BACKEND; fi && \
    uv pip install --constraint requirements.txt -r pyproject.toml --extra learner --extra serve --extra dashboard --extra kafka --extra s3 --extra alerting --extra excel


FROM tools AS code
ARG UV_DEFAULT_INDEX
# Apart from the packages: a change of ours is a small layer on a large one that stays.
COPY schemas schemas
COPY services services
COPY labelloop labelloop
RUN --mount=type=cache,target=/root/.cache/uv uv pip install --no-deps --prefix /code .


FROM ${PYTHON_IMAGE} AS base
RUN groupadd --gid 10001 labelloop && \
    useradd --uid 10001 --gid labelloop --no-create-home --home-dir /tmp --shell /usr/sbin/nologin labelloop && \
    install --directory --owner labelloop --group labelloop /store /cache /state /work
ENV PATH=/opt/labelloop/bin:$PATH \
    XDG_CACHE_HOME=/cache \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONSAFEPATH=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DO_NOT_TRACK=1
WORKDIR /work
CMD ["labelloop", "--help"]


FROM base AS small
COPY --from=small-packages /opt/labelloop /opt/labelloop
COPY --from=code /code /opt/labelloop
USER 10001:10001


FROM base AS learner
ENV HF_HOME=/cache/huggingface \
    HF_HUB_DISABLE_TELEMETRY=1 \
    HF_HUB_DISABLE_PROGRESS_BARS=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    TOKENIZERS_PARALLELISM=false
COPY --from=learner-packages /opt/labelloop /opt/labelloop
COPY --from=code /code /opt/labelloop
USER 10001:10001
