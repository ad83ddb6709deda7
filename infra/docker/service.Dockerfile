# One image per service: docker build -f infra/docker/service.Dockerfile --build-arg SERVICE=order .
# The same file makes the image of the tools (set-up, demo, load, verify): --target tools.
# Node is the base image's, for every architecture that the base image has.
ARG NODE_IMAGE=node:26.10.0-bookworm-slim

# Only the package files: what is installed below is cached until one of them changes.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /cartwheel
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json ! -name .npmrc -delete \
 && find . -type d -empty -delete

FROM manifests AS build
# Without the optional packages: they are the pinned Node and the native engines of a checkout without Docker.
RUN --mount=type=cache,target=/root/.npm npm ci --omit=optional --ignore-scripts --no-audit --no-fund --loglevel=error
COPY . .
RUN node_modules/.bin/tsc -b

# What the service needs while it runs: its packages, and the libraries and its own code as JavaScript.
FROM manifests AS assemble
ARG SERVICE
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --omit=optional --workspace=apps/${SERVICE} --ignore-scripts --no-audit --no-fund --loglevel=error \
 && find node_modules -type f \( -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' -o -name '*.map' -o -name '*.md' \) -delete \
 && rm -rf node_modules/rxjs/src node_modules/rxjs/dist/bundles node_modules/rxjs/dist/esm5 node_modules/rxjs/dist/types
COPY --from=build /cartwheel/libs libs
COPY --from=build /cartwheel/apps/${SERVICE} apps/${SERVICE}
# npm has linked the libraries that this service needs; the others go, and so do sources and build records.
RUN for lib in libs/*; do [ -e "node_modules/@cartwheel/$(basename "$lib")" ] || rm -rf "$lib"; done \
 && for app in apps/*; do [ "$app" = "apps/${SERVICE}" ] || rm -rf "$app"; done \
 && rm -rf libs/*/src libs/*/tsconfig.json apps/*/src apps/*/tsconfig.json \
 && find libs apps -path '*/node_modules' -prune -o -type f \( -name '*.d.ts' -o -name '*.map' -o -name '*.tsbuildinfo' \) -print | xargs -r rm -f \
 && rm -f package-lock.json .npmrc

FROM ${NODE_IMAGE} AS runtime
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.vendor="Cartwheel" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production NODE_OPTIONS=--disable-warning=TimeoutNegativeWarning
# Where a service may write, if it is given a volume there: the gateway simulator's ledger.
RUN install -d -o node -g node /var/lib/gateway
WORKDIR /cartwheel
USER node

# The tools run as TypeScript, of which Node takes the types away by itself; the libraries as JavaScript. What they know of
# the services is their schemas, migrations, generations and the rules of their domains (tools/shop/tools-image.spec.ts).
FROM manifests AS assemble-tools
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund --loglevel=error
COPY --from=build /cartwheel/libs libs
COPY apps apps
COPY tools tools
RUN find apps -name node_modules -prune -o -type f ! -name '*.schema.ts' ! -name 'generations.ts' ! -path '*/src/domain/*' ! -path '*/src/migrations/*' -print | xargs rm -f \
 && rm -rf libs/*/src libs/*/tsconfig.json tools/stack/native tools/docs tools/test tools/check tools/bootstrap.mjs .npmrc \
 && find apps libs tools -type d -empty -delete

FROM runtime AS tools
LABEL org.opencontainers.image.title="cartwheel-tools"
COPY --from=assemble-tools /cartwheel .
ENTRYPOINT ["node"]

# Last, so that a build without --target makes a service.
FROM runtime AS service
ARG SERVICE
LABEL org.opencontainers.image.title="cartwheel-${SERVICE}" \
      org.opencontainers.image.description="Cartwheel's ${SERVICE}"
COPY --from=assemble /cartwheel .
WORKDIR /cartwheel/apps/${SERVICE}
# Inside a container there is nobody else on loopback; what is published, and where, is up to whoever runs it.
ENV HTTP_HOST=0.0.0.0
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HTTP_PORT}/health/ready`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js"]
