# What runs in the end holds Node, the compiled program and its runtime packages: no npm scripts, no compiler, no tests.
ARG NODE_IMAGE=docker.io/library/node:26-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
# The image's own Node builds: the package "node" is for machines that have an older one.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
RUN rm -f node_modules/.bin/node && node scripts/build.mjs

FROM ${NODE_IMAGE} AS packages
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE}
ENV NODE_ENV=production HOOKBAY_CONFIG=/config/config.yaml
WORKDIR /app
COPY package.json config.example.yaml LICENSE CHANGELOG.md ./
COPY --from=packages /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
RUN ln -s /app/dist/main.js /usr/local/bin/hookbay && mkdir /data /config && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080 8081
# Alive, not ready: a full disk must not become a restart loop.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "/app/dist/main.js", "healthcheck"]
# Why these flags: docs/operations.md, "Node flags".
ENTRYPOINT ["node", "--max-semi-space-size=16", "--v8-pool-size=1", "--expose-gc", "/app/dist/main.js"]
CMD ["serve"]
