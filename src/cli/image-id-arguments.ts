import { assertImageId } from '../image-id.ts';

/** Parses an image id for commander. @throws {@link InvalidImageIdError} */
export function imageIdArgument(text: string): string {
  assertImageId(text);
  return text;
}

/** Collects image ids for commander, each once. */
export function imageIdsArgument(text: string, previous: readonly string[] = []): readonly string[] {
  const imageId = imageIdArgument(text);
  return previous.includes(imageId) ? previous : [...previous, imageId];
}
