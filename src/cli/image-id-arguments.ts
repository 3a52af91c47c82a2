import { assertImageId } from '../image-id.ts';

/** For commander: an image id. One that cannot be is wrong usage. @throws {@link InvalidImageIdError} */
export function imageIdArgument(text: string): string {
  assertImageId(text);
  return text;
}

/** For commander: several of them; one that is given twice counts once. */
export function imageIdsArgument(text: string, previous: readonly string[] = []): readonly string[] {
  const imageId = imageIdArgument(text);
  return previous.includes(imageId) ? previous : [...previous, imageId];
}
