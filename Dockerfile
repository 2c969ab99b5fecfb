# The server's image. The same one runs everywhere; everything that differs comes from the environment.
# Draft: built and scanned in CI once there is a registry to push to.
FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Optional packages are the embedded PostgreSQL: production brings its own database. The base image is the
# Node of package.json already, so the npm package `node` would only be a second copy of it.
RUN npm ci --omit=dev --omit=optional && rm -rf node_modules/node node_modules/.bin/node

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY migrations ./migrations
COPY src ./src
# Writes nothing to its own folder: a read-only root file system is fine.
USER node
# Only the phones' port. The internal listener stays on the container's loopback.
EXPOSE 3000
# Longer than DRAIN_TIMEOUT_SECONDS must be the grace period of whoever stops it (docker stop --time 30).
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PUBLIC_PORT ?? 3000}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Exec form, so that the server itself is process 1 and hears the signals.
ENTRYPOINT ["node", "src/cli.ts"]
CMD ["serve"]
