/* A timelapse of the view, made here: each frame is the wall at a moment, recorded as the browser can. */
import { message } from '../i18n/i18n.ts';
import type { Past } from './history.ts';
import { timeAt } from './timeline.ts';

const FRAMES = 150;
const FRAME_MS = 66;
const LONG_PX_MAX = 1280;
const KINDS = ['video/webm;codecs=vp9', 'video/webm;codecs=vp8', 'video/webm'];

export class Film {
  isRunning = false;
  private isStopped = false;

  constructor(private readonly past: Past) {}

  stop(): boolean {
    this.isStopped = true;
    return this.isRunning;
  }

  start(): void {
    const Recorder = window.MediaRecorder as typeof MediaRecorder | undefined;
    const kind = KINDS.find((each) => Recorder?.isTypeSupported(each));
    if (kind === undefined || typeof HTMLCanvasElement.prototype.captureStream !== 'function') {
      this.past.say(message('film.impossible'));
      return;
    }
    if (!this.isRunning) {
      this.isRunning = true;
      this.isStopped = false;
      void this.record(kind)
        .catch((error: Error) => this.past.say(error.message))
        .finally(() => (this.isRunning = false));
    }
  }

  private async record(kind: string): Promise<void> {
    const { layer, clock, app } = this.past;
    const source = layer.canvas;
    const scale = Math.min(1, LONG_PX_MAX / Math.max(source.width, source.height));
    const canvas = document.createElement('canvas');
    canvas.width = 2 * Math.round((source.width * scale) / 2);
    canvas.height = 2 * Math.round((source.height * scale) / 2);
    const context = canvas.getContext('2d', { alpha: false })!;
    const recorder = new MediaRecorder(canvas.captureStream(30), {
      mimeType: kind,
      videoBitsPerSecond: 6_000_000,
    });
    const chunks: Blob[] = [];
    recorder.ondataavailable = (event) => chunks.push(event.data);
    const ended = new Promise((resolve) => (recorder.onstop = resolve));
    const shot = (): void => context.drawImage(source, 0, 0, canvas.width, canvas.height);
    const backMs = clock.timeMs;
    const seqs: number[] = [];
    for (let i = 0; i < FRAMES && !this.isStopped; i++) {
      const timeMs = timeAt(clock.timeline, i / (FRAMES - 1));
      const moment = await this.past.api.momentAt(timeMs).catch(async () => ({ seq: Math.max(1, await this.past.begin()) }));
      if (moment.seq !== seqs[seqs.length - 1]) {
        seqs.push(moment.seq);
      }
    }
    for (let i = 0; i < seqs.length && !this.isStopped; i++) {
      this.past.say(message('film.progress', { share: i / seqs.length }));
      recorder.state === 'recording' && recorder.pause();
      await layer.settle(seqs[i]!);
      shot();
      if (recorder.state === 'inactive') {
        recorder.start();
      } else {
        recorder.resume();
      }
      const isLast = i === seqs.length - 1;
      await new Promise((resolve) => window.setTimeout(resolve, isLast ? 1200 : FRAME_MS));
      shot();
    }
    if (recorder.state !== 'inactive') {
      recorder.stop();
      await ended;
    }
    clock.seekTime(backMs);
    if (this.isStopped) {
      this.past.say(message('film.none'));
      return;
    }
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob(chunks, { type: 'video/webm' }));
    link.download = `kolam-${app.page.canvas}-timelapse.webm`;
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    this.past.say(message('film.saved'));
  }
}
