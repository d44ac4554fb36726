// What the tests of the wall as a place share.
import { Client } from '../wire/client.mjs';
import '../wire/tidy.mjs';
import { until } from './kit.mjs';

export const WIDE = { width: 1200, height: 760 };

/** Somebody else, who draws without a browser: a line of 100 pixels at a place of the wall. */
export async function somebody(server, canvas, name) {
  const client = await Client.artist(server, { canvas });
  const drawAt = (x, y) =>
    client.draw([0, 0, 100, 60], { x: Math.floor(x / 256), y: Math.floor(y / 256) });
  await drawAt(0, 0);
  if (name) {
    client.say({ type: 'rename', name });
    await client.wait((event) => event.type === 'artists' && event.list.some((one) => one.name === name));
  }
  return { client, drawAt };
}

/** The middle of the view in pixels at 100 %. */
export const middle = () => {
  const { level, tileX, tileY, x, y } = window.kolamDebug.camera();
  return [(tileX * 256 + x) * 2 ** -level, (tileY * 256 + y) * 2 ** -level];
};
export const isAt = ([x, y, zoom]) => {
  const { level, tileX, tileY, x: dx, y: dy, zoom: now } = window.kolamDebug.camera();
  const [px, py] = [(tileX * 256 + dx) * 2 ** -level, (tileY * 256 + dy) * 2 ** -level];
  return Math.abs(px - x) < 1 && Math.abs(py - y) < 1 && Math.abs(now - zoom) < 0.001;
};
export const there = (page, x, y, zoom) => until(page, isAt, [x, y, zoom]);
export const loaded = (page) => until(page, () => window.kolamDebug.place() !== null);
