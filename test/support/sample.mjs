import { isFull } from './scale.mjs';
import { randomNumbers } from './seed.mjs';

/** `items` in an order of `random`'s. */
export function shuffled(items, random) {
  const left = [...items];
  return items.map(() => left.splice(Math.floor(random() * left.length), 1)[0]);
}

/** `count` of the items beside those that are `always` among them; at full scale all. */
export function sampled(items, count, always = () => false) {
  if (isFull) return items;
  const others = items.filter((item) => !always(item));
  return [...items.filter(always), ...shuffled(others, randomNumbers()).slice(0, count)];
}
