/**
 * The three ways in (wire.md, "Listeners and surfaces"): plain HTTP that proves nothing, TLS with the
 * attested certificate, and the same TLS for those who manage models. A route belongs to the surfaces that it
 * names.
 */
export const surfaces = ['unattested', 'attested', 'management'] as const;

/**
 * Which port a request came in by.
 *
 * @useDeclaredType
 */
export type Surface = (typeof surfaces)[number];
