// How long somebody worked: time between signs of life, with the page in sight.

/** A longer silence than this is a coffee, and does not count. */
export const LONGEST_GAP = 60_000;

/** Counts time at work. It reads a clock that only goes forward, never the date. */
export class ActiveTime {
  private counted = 0;
  private last: number | null;

  constructor(
    private readonly now: () => number,
    visible = true,
  ) {
    this.last = visible ? now() : null;
  }

  /** A sign of life: a key, the pointer, the wheel. */
  touch(): void {
    if (this.last === null) return;
    const now = this.now();
    const gap = now - this.last;
    if (gap <= LONGEST_GAP) this.counted += gap;
    this.last = now;
  }

  /** The page was put out of sight; what follows does not count. */
  hide(): void {
    this.touch();
    this.last = null;
  }

  /** The page is in sight again. */
  show(): void {
    this.last ??= this.now();
  }

  /** Whole milliseconds since this was asked last; the rest is kept for the next time. */
  take(): number {
    const whole = Math.floor(this.counted);
    this.counted -= whole;
    return whole;
  }
}
