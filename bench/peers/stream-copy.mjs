import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * A copy by Node's streams, whose consumer is on the way, or reads the copy when it is done: nothing is cached, counted or
 * claimed.
 */
export function open(dir) {
  return {
    dir,
    async copy(source, name, { pieceSize, readBack }) {
      const options = { highWaterMark: pieceSize };
      const copied = join(dir, name);
      let consumed = 0;
      const consumer = new Transform({
        ...options,
        transform(chunk, _encoding, callback) {
          if (!readBack) consumed += chunk.length;
          callback(null, chunk);
        },
      });
      await pipeline(createReadStream(source, options), consumer, createWriteStream(copied, options));
      if (readBack) for await (const chunk of createReadStream(copied)) consumed += chunk.length;
      return consumed;
    },
    close: () => {},
  };
}
