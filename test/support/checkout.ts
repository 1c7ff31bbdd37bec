import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of this checkout, for a program that runs from its sources and for one that runs from a build of them. */
export const checkoutFolder: string = findCheckout(new URL('./', import.meta.url));

/** The nearest folder above that holds the lock file, which only the root of the workspace has. */
function findCheckout(folder: URL): string {
  if (existsSync(new URL('package-lock.json', folder))) return fileURLToPath(folder).slice(0, -1);
  const above = new URL('../', folder);
  if (above.href === folder.href) throw new Error('this is no checkout: there is no lock file');
  return findCheckout(above);
}
