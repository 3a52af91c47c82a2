/** Returns an image as messages name it: `image "debian-12"`. */
export function imageName(imageId: string): string {
  return `image ${JSON.stringify(imageId)}`;
}
