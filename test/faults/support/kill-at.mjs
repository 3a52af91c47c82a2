/** Resolves to whether the host was killed at that call, and not at another of the name. */
export async function killAt(host, point, dir) {
  const { died, lines } = await host.runWithFault(point, 'signal=SIGKILL');
  const last = lines.findLast((line) => !line.startsWith('+++')) ?? '';
  return died && (last.includes(dir) || last.startsWith('getrandom('));
}
