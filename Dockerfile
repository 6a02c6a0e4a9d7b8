# One image for both services; SERVICE says which one a container runs.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json tsconfig.build.json ./
COPY libs ./libs
COPY apps ./apps
RUN npm ci --no-audit --no-fund && npm run build

FROM node:24-bookworm-slim AS production-dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY libs/tenancy/package.json libs/tenancy/
COPY libs/tenancy/bin libs/tenancy/bin
COPY libs/communication-schema/package.json libs/communication-schema/
COPY libs/problem-details/package.json libs/problem-details/
COPY apps/tenant-management/package.json apps/tenant-management/
COPY apps/communication/package.json apps/communication/
COPY apps/sandbox/package.json apps/sandbox/
RUN npm ci --no-audit --no-fund --omit=dev --workspace tenant-management --workspace communication

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=production-dependencies /app ./
COPY --from=build /app/libs/tenancy/dist libs/tenancy/dist
COPY --from=build /app/libs/communication-schema/dist libs/communication-schema/dist
COPY --from=build /app/libs/problem-details/dist libs/problem-details/dist
COPY --from=build /app/apps/tenant-management/dist apps/tenant-management/dist
COPY --from=build /app/apps/communication/dist apps/communication/dist
USER node
ENV SERVICE=communication HOST=0.0.0.0 PORT=3000
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))"]
CMD ["sh", "-c", "exec node --enable-source-maps apps/$SERVICE/dist/main.js"]
