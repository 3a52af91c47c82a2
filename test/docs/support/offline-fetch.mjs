// Loaded before the examples of the pages. It serves `https://images.example`, and refuses every other host.

const image = Buffer.alloc(100_000, 'the bytes of the image\n');

globalThis.fetch = async (url, { headers = {}, signal } = {}) => {
  signal?.throwIfAborted();
  const { host } = new URL(url);
  if (host !== 'images.example') throw new Error(`the examples are run without a network; ${host} was asked for`);
  const range = /^bytes=(\d+)-$/.exec(new Headers(headers).get('range') ?? '');
  if (!range) return new Response(image, { headers: { 'content-length': String(image.length) } });
  const rest = image.subarray(Number(range[1]));
  const contentRange = `bytes ${range[1]}-${image.length - 1}/${image.length}`;
  return new Response(rest, { status: 206, headers: { 'content-range': contentRange } });
};
