/**
 * The three ways in (wire.md, "Wire contracts"): plain HTTP that proves nothing, TLS with the attested
 * certificate, and the same TLS for those who manage models. A route belongs to the surfaces that it names.
 */
export const surfaces = ['unattested', 'attested', 'management'] as const;

/** One of {@link surfaces}. */
export type Surface = (typeof surfaces)[number];
