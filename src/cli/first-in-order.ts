/**
 * Collects the first `limit` items of an order, with memory for twice as many. Of equal items, those that were added
 * earlier come first.
 */
export class FirstInOrder<Item> {
  readonly #limit: number;
  readonly #compare: (a: Item, b: Item) => number;
  #items: Item[] = [];
  /** The last item that belongs to the first ones so far; undefined as long as there are not enough. */
  #last: Item | undefined;

  constructor(limit: number, compare: (a: Item, b: Item) => number) {
    this.#limit = limit;
    this.#compare = compare;
  }

  add(item: Item): void {
    if (this.#last !== undefined && this.#compare(item, this.#last) >= 0) return;
    this.#items.push(item);
    // One sort for each `limit` items costs as much as a heap, and is simpler.
    if (this.#items.length >= 2 * this.#limit) this.#sort();
  }

  /** Returns the items in order. */
  toArray(): readonly Item[] {
    this.#sort();
    return this.#items;
  }

  #sort(): void {
    this.#items = this.#items.sort(this.#compare).slice(0, this.#limit);
    if (this.#items.length === this.#limit) this.#last = this.#items.at(-1);
  }
}
