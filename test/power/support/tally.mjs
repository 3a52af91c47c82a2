const counts = ['images', 'wrong', 'trustedAndWrong', 'doubtful', 'doubtfulAndRight', 'dropped', 'lostWithoutDoubt'];

/** The sums of the snapshots of a disk, for each mode and for all. */
export class Tally {
  #type;
  #modes = new Map();
  /** Each wrong image that was served, with its fault. */
  served = [];
  /** The number of wrong images for each kind of fault. */
  faults = {};

  constructor(type) {
    this.#type = type;
  }

  add(mode, snapshot) {
    const sums = this.#modes.get(mode) ?? { cuts: 0, ...Object.fromEntries(counts.map((count) => [count, 0])) };
    sums.cuts += 1;
    for (const count of counts) sums[count] += snapshot[count];
    this.#modes.set(mode, sums);
    this.served.push(...snapshot.served.map((image) => `${mode}, ${image}`));
    for (const fault of snapshot.faults) this.faults[fault] = (this.faults[fault] ?? 0) + 1;
  }

  /** The sum of `count` over all modes. */
  sum(count) {
    return [...this.#modes.values()].reduce((sum, sums) => sum + sums[count], 0);
  }

  /** Returns a line of figures for each mode, and one for all. */
  lines(modes) {
    const all = Object.fromEntries(['cuts', ...counts].map((count) => [count, this.sum(count)]));
    const faults = Object.entries(this.faults).map(([fault, number]) => `${number} ${fault}`);
    return [
      ...modes.filter((mode) => this.#modes.has(mode)).map((mode) => this.#line(mode, this.#modes.get(mode))),
      `${this.#line('all', all)}; faults: ${faults.join(', ') || 'none'}`,
    ];
  }

  #line(mode, sums) {
    return [
      `${this.#type}, ${mode}: ${sums.cuts} cuts, ${sums.images} images, ${sums.wrong} wrong`,
      `${sums.trustedAndWrong} trusted and wrong, ${sums.doubtful} doubtful, ${sums.doubtfulAndRight} doubtful and right`,
      `${sums.dropped} dropped`,
    ].join(', ');
  }
}
