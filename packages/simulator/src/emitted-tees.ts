/** The TEEs that `emit` imitates. */
export const emittedTees = ['sgx', 'tdx', 'snp', 'nitro', 'azure-snp', 'azure-tdx'] as const;

/** One of {@link emittedTees}. */
export type EmittedTee = (typeof emittedTees)[number];
