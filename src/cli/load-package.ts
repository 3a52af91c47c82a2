/** Returns the package. It is loaded when a command needs it: help and wrong usage need no engine. */
export async function loadPackage(): Promise<typeof import('../index.ts')> {
  return import('../index.ts');
}
