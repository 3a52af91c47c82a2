import { loadPackage } from './load-package.ts';

/** Collects image ids for commander, each once. */
export function imageIdsArgument(imageId: string, previous: readonly string[] = []): readonly string[] {
  return previous.includes(imageId) ? previous : [...previous, imageId];
}

/** Checks ids before the cache is opened: an invalid one is wrong usage. @throws {@link InvalidImageIdError} */
export async function assertImageIds(...imageIds: readonly string[]): Promise<void> {
  const { assertImageId } = await loadPackage();
  for (const imageId of imageIds) assertImageId(imageId);
}
