/** How many tenants there are; the requests of a soak take turns among them. */
export const TENANTS = 1_000;
