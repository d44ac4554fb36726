/* Thin outlines over the wall: a stroke's box, a chosen area, a lasso. They move with the wall. */
import { positionToScreen, type Camera, type Viewport } from '../core/camera.ts';
import type { Position } from '../core/geometry.ts';
import { wallMatrix } from '../core/turn.ts';
import { boxOfRect, type PixelRect } from './area.ts';

const SVG = 'http://www.w3.org/2000/svg';

export interface Outline {
  kind: 'stroke' | 'area' | 'gone';
  rect: PixelRect | null;
  path?: Position[];
}

export class Outlines {
  readonly root = document.createElementNS(SVG, 'svg');
  private list: Outline[] = [];
  private isStale = true;

  constructor() {
    this.root.setAttribute('class', 'outlines');
    this.root.setAttribute('aria-hidden', 'true');
  }

  set(list: Outline[]): void {
    this.list = list;
    this.isStale = true;
    this.root.replaceChildren(
      ...list.map((each) => {
        const tag = each.rect === null ? 'polygon' : 'rect';
        const shape = document.createElementNS(SVG, tag);
        shape.setAttribute('class', `outline is-${each.kind}`);
        return shape;
      }),
    );
  }

  draw(camera: Camera, viewport: Viewport, hasMoved: boolean): void {
    if (this.list.length === 0 || !(hasMoved || this.isStale)) {
      return;
    }
    this.isStale = false;
    this.list.forEach((each, i) => {
      const shape = this.root.children[i]!;
      if (each.rect === null) {
        const points = (each.path ?? []).map((place) => positionToScreen(camera, viewport, place));
        shape.setAttribute('points', points.map(({ x, y }) => `${x},${y}`).join(' '));
        return;
      }
      const pad = each.kind === 'area' ? 0 : 3;
      const box = boxOfRect(camera, viewport, each.rect);
      shape.setAttribute('transform', `matrix(${wallMatrix(camera.turn).join()} ${box.x} ${box.y})`);
      shape.setAttribute('x', String(-pad));
      shape.setAttribute('y', String(-pad));
      shape.setAttribute('width', String(box.width + 2 * pad));
      shape.setAttribute('height', String(box.height + 2 * pad));
      shape.setAttribute('rx', each.kind === 'area' ? '2' : '5');
    });
  }
}
