/** Which machines an entry accepts. */
export function machines(listed: readonly string[] | null): string {
  return listed === null ? 'any genuine one' : `only ${listed.join(', ')}`;
}
