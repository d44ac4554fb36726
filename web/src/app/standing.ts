/* Who may do what here, as the server tells it. What there is to say about it is in policy/policy.ts, loaded
 * when there is something: on an open wall without areas there is not. */
import type { Json, Welcome } from '../net/connection.ts';
import type { PolicyView } from '../policy/policy.ts';
import type { App } from './app.ts';

export interface AreaTold {
  area: string;
  kind: 'protected' | 'owned' | 'quiet' | 'frozen';
  name: string;
  level: number;
  x: string;
  y: string;
  width: number;
  height: number;
  owner?: number | null;
}

export interface InkTold {
  per_minute: number;
  left: number;
}

export interface Told {
  mode?: string;
  until?: number | null;
  areas?: AreaTold[];
  votes?: number;
  draw?: boolean;
  ink?: InkTold | null;
}

export class Standing {
  told: Told = {};
  private view: PolicyView | null = null;
  private loading: Promise<void> | null = null;
  private missed: Uint8Array[][] = []; /* drawn while the view was on its way */

  constructor(private readonly app: App) {}

  /* False where nobody like this one draws now. */
  get mayDraw(): boolean {
    return this.told.draw ?? true;
  }

  welcomed(welcome: Welcome): void {
    this.tell({ ...welcome.policy, draw: welcome.draw ?? true, ink: welcome.ink ?? null });
  }

  messageCame(json: Json): void {
    if (json.type === 'policy' || json.type === 'standing') {
      this.tell(json as Told);
    }
  }

  /* A stroke of one's own is on its way. */
  drew(counter: number): void {
    const bodies = this.app.journal.list().find((each) => each.counter === counter)?.bodies ?? [];
    if (this.view !== null) {
      this.view.drew(bodies);
    } else if (this.loading !== null) {
      this.missed.push(bodies);
    }
  }

  /* In the page's language, if it is known what it was. */
  said(text: string): string | null {
    return this.view?.said(text) ?? null;
  }

  framed(): void {
    this.view?.framed();
  }

  private tell(told: Told): void {
    this.told = { ...this.told, ...told };
    const { draw, ink, areas } = this.told;
    document.body.classList.toggle('is-resting', draw === false && !this.app.page.isWatching);
    if (this.view !== null) {
      this.view.show(this.told);
    } else if (draw === false || ink != null || (areas ?? []).length > 0) {
      this.loading ??= import('../policy/policy.ts').then(
        async ({ openPolicy }) => {
          this.view = await openPolicy(this.app);
          this.view.show(this.told);
          this.missed.splice(0).forEach((bodies) => this.view?.drew(bodies));
        },
        () => {
          this.loading = null; /* the next time there is something to say */
        },
      );
    }
  }
}
