import { formatDuration } from './format.ts';
import { progressLine, redrawIntervalMs } from './progress-line.ts';

/**
 * Shows on the terminal for how long a step without a progress of its own has been running. Settles as `step` does.
 *
 * @param text - name of the step, for example `reading the images`
 */
export async function showWaiting<T>(
  step: Promise<T>,
  text: string,
  options: Parameters<typeof progressLine>[0],
): Promise<T> {
  const progress = progressLine(options);
  const startedMs = performance.now();
  const show = () => progress.show(() => `${text}  ${formatDuration(performance.now() - startedMs)}`);
  const timer = setInterval(show, redrawIntervalMs);
  try {
    return await step;
  } finally {
    clearInterval(timer);
    progress.end();
  }
}
