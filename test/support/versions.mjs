import assert from 'node:assert/strict';

/** Bytes that say on every line which version of which image they are, so that torn and mixed ones are seen. */
export function versionBytes(imageId, version, lines = linesOf(version)) {
  let text = '';
  for (let i = 1; i <= lines; i++) text += `${imageId} ${version} ${i}/${lines}\n`;
  return Buffer.from(text);
}

/** The version that bytes are, every one of them looked at. Throws if they are not one version of `imageId`, whole. */
export function versionIn(imageId, bytes) {
  const [, version, lines] = /^\S+ (\S+) 1\/(\d+)\n/.exec(bytes.toString('latin1', 0, 400)) ?? [];
  const whole = version !== undefined && versionBytes(imageId, version, Number(lines)).equals(bytes);
  assert(whole, `${bytes.length} bytes of ${imageId} are torn or mixed, they begin with ${bytes.subarray(0, 60)}`);
  return version;
}

/** Versions differ in length, so that the end of a longer one shows behind a shorter. */
function linesOf(version) {
  let sum = 0;
  for (const character of String(version)) sum = (sum * 31 + character.charCodeAt(0)) % 997;
  return 50 + (sum % 300);
}
