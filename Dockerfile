# Saltern in a container: the same binary, libpam inside, no root.
#
#     docker build -t saltern --build-arg VERSION=1.0 \
#         --build-arg SALT_UID=$(id -u salt) --build-arg SALT_GID=$(id -g salt) .
#     docker run --network host -v /etc/salt:/etc/salt:ro -v /run/salt:/run/salt \
#         -v /var/cache/salt/master:/var/cache/salt/master saltern
#
# It shares the host's network, because masters listen for it on 127.0.0.1:4506.
# deploy/check-dockerfile.sh runs these steps without a container engine.

FROM golang:1.26-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends libpam0g-dev
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /out/saltern ./cmd/saltern

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends libpam0g libpam-modules && rm -rf /var/lib/apt/lists/*
# The ids of the user that the master runs as: its event bus and its token
# folder are shared with this container.
ARG SALT_UID=450
ARG SALT_GID=450
RUN groupadd --gid $SALT_GID salt && useradd --uid $SALT_UID --gid salt --groups shadow --no-create-home --shell /usr/sbin/nologin salt && install -d -o salt -g salt -m 0700 /var/lib/saltern
COPY --from=build /out/saltern /usr/bin/saltern
COPY deploy/pam.d/saltern /etc/pam.d/saltern
USER salt
VOLUME /var/lib/saltern
EXPOSE 8000
# /readyz on the admin listener tells more than a check from inside could.
HEALTHCHECK NONE
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/saltern"]
CMD ["serve", "-c", "/etc/salt"]
