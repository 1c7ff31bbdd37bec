import type { Findings } from '../section.ts';

/** What is left of a section that has to look into the server. */
export function notSeen(section: string): Findings {
  const note = `${section}: left out, since it looks into the server's process, and this server is somebody else's.`;
  return { tables: [], notes: [note], data: { leftOut: true } };
}
