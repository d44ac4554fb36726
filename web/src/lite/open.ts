/* The door to watching by HTTP alone (`?watch&lite`): what stands where a WebSocket would, until the rest
 * is loaded. No connection is held; see lite.ts. */
import { parsePage, wordsOf } from '../core/address.ts';
import { tilesFrame, viewFrame } from './frames.ts';

export interface LiteSocket {
  binaryType: string;
  bufferedAmount: number;
  onopen: (() => void) | null;
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null;
  onclose: (() => void) | null;
  send(data: string): void;
  close(): void;
}

export function isLite(search: string): boolean {
  return parsePage('', search).isWatching && wordsOf(search).has('lite');
}

/* `raster` is this page's: that of a canvas on which nothing was drawn yet. */
export function openLite(canvas: string, raster: number): WebSocket {
  let isClosed = false;
  const socket: LiteSocket = {
    binaryType: 'arraybuffer',
    bufferedAmount: 0,
    onopen: null,
    onmessage: null,
    onclose: null,
    send: () => undefined,
    close: () => (isClosed = true),
  };
  import('./lite.ts').then(
    ({ watchLite }) => {
      if (!isClosed) {
        /* Handed over: what lite.ts imported itself, and others too, would become one more file. */
        watchLite(socket, canvas, raster, { tilesFrame, viewFrame });
      }
    },
    () => socket.onclose?.(),
  );
  return socket as unknown as WebSocket;
}
