import { costByEntries, eventLoop, latencyBySize, throughputByReaders } from './plot-data.mjs';

const log = { type: 'log' };

function lines({ x, y, color = { field: 'contender', type: 'nominal', title: null } }, more = {}) {
  return {
    width: 560,
    height: 340,
    ...more,
    mark: { type: 'line', point: true },
    encoding: { x: { type: 'quantitative', ...x }, y: { type: 'quantitative', ...y }, color },
  };
}

/** By the name of the file: which rows, and a Vega-Lite specification without its data. */
export const plots = {
  'latency-by-size': {
    rows: latencyBySize,
    alt: 'Latency of one read by the size of the image, each contender a line, both axes logarithmic',
    specification: lines({
      x: {
        field: 'bytes',
        title: 'size of the image',
        scale: { type: 'log', base: 2 },
        axis: {
          values: [4096, 16384, 65536, 262144, 1048576, 4194304, 16777216],
          labelExpr: "datum.value < 1048576 ? datum.value / 1024 + ' KiB' : datum.value / 1048576 + ' MiB'",
        },
      },
      y: { field: 'microseconds', title: 'one read, µs', scale: log },
    }),
  },
  'throughput-by-readers': {
    rows: throughputByReaders,
    alt: 'Reads per second of 4 KiB by the number of concurrent readers, each contender a line',
    specification: lines({
      x: {
        field: 'readers',
        title: 'concurrent readers',
        scale: { type: 'log', base: 2 },
        axis: { values: [1, 4, 16, 64, 256] },
      },
      y: { field: 'readsPerSecond', title: 'reads per second', scale: log },
    }),
  },
  'cost-by-entries': {
    rows: costByEntries,
    alt: 'Time of getCacheSize, getCachedImages and a prune by the number of entries, both axes logarithmic',
    specification: {
      facet: { column: { field: 'operation', title: null } },
      spec: lines(
        {
          x: { field: 'entries', title: 'entries', scale: log, axis: { format: '~s', values: [1e3, 1e4, 1e5, 1e6] } },
          y: { field: 'milliseconds', title: 'ms', scale: log },
        },
        { width: 260, height: 300 },
      ),
    },
  },
  'event-loop': {
    rows: eventLoop,
    alt: 'The longest time between two turns of the event loop, over the time of each operation',
    specification: {
      facet: { row: { field: 'operation', title: null, header: { labelAngle: 0, labelAlign: 'left' }, sort: null } },
      spec: {
        width: 560,
        height: 60,
        mark: { type: 'area', interpolate: 'step', line: true, opacity: 0.5 },
        encoding: {
          x: { field: 'seconds', type: 'quantitative', title: 'seconds since it began' },
          y: { field: 'stallMs', type: 'quantitative', title: 'ms' },
        },
      },
      resolve: { scale: { x: 'independent', y: 'shared' } },
    },
  },
};
