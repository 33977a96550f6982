# The gateway as a container: Debian with glibc, the pinned Bun binary that npm installs, the sources as they are.
# Data lies in the volume /data; everything else is read-only for the user it runs as.

FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Optional dependencies carry the Bun binary of the platform; install scripts stay off (.npmrc).
RUN npm ci --omit=dev
# The binary under one fixed name, so that the final stage needs no Node.
COPY bin ./bin
RUN node -e "import('/app/bin/bun.mjs').then(({ findBun }) => require('node:fs').copyFileSync(findBun(), '/app/bun'))" \
  && chmod 755 /app/bun && rm -rf node_modules/bun node_modules/@oven
COPY tsconfig.json LICENSE ./
COPY src ./src

FROM debian:stable-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin switchyard \
  && mkdir -p /data && chown switchyard:switchyard /data && chmod 700 /data
WORKDIR /app
COPY --from=build /app /app
ENV NODE_ENV=production \
  SWITCHYARD_HOST=0.0.0.0 \
  SWITCHYARD_PORT=8080 \
  SWITCHYARD_DATA=/data \
  BUN_CONFIG_MAX_HTTP_REQUESTS=65535
USER 10001
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=3s --start-period=5s --retries=3 \
  CMD ["/app/bun", "--no-env-file", "-e", "process.exit((await fetch(`http://127.0.0.1:${process.env.SWITCHYARD_PORT}/healthz`)).ok ? 0 : 1)"]
ENTRYPOINT ["/app/bun", "--no-env-file", "--no-install", "/app/src/main.ts"]
