/* Far pictures are made visible as they come (core/boost.ts), a millisecond or two each: a few in each frame. */
import { BOOST_BELOW } from '../core/boost.ts';
import type { TileId } from '../core/geometry.ts';

const A_FRAME = 3;

export class Turns {
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly request: () => void) {}

  of(tile: TileId): Promise<void> | undefined {
    if (tile.level >= BOOST_BELOW) {
      return undefined;
    }
    this.request();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /* Once a frame. */
  give(): void {
    this.waiting.splice(0, A_FRAME).forEach((take) => take());
    if (this.waiting.length > 0) {
      this.request();
    }
  }
}
