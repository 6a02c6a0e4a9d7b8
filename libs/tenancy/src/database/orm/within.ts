/** Runs work in the scope that a view is bound to. It may have to look the tenant up first. */
export type Within = <T>(work: () => Promise<T>) => Promise<T>;
