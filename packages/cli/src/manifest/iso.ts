/** A moment of a manifest, as it may be written there. */
export function iso(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z');
}
