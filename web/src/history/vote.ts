/* Voting to hide a stroke, on walls that want votes: a line under each stroke of the card that tells who drew this. It is there for
 * artists of standing alone, and follows what the server tells of votes and roles while the card is open. */
import type { App } from '../app/app.ts';
import { message, type MessageId } from '../i18n/i18n.ts';
import { learnWords } from '../i18n/later.ts';
import { serverSaid } from '../i18n/serversaid.ts';
import type { Json } from '../net/connection.ts';
import { Asker, type Refusal } from '../place/asker.ts';
import { element } from '../ui/dom.ts';
import type { Beneath } from './api.ts';

const FIRST_ID = 6_000_000; /* others count from elsewhere */
const OF_STANDING = ['artist', 'mentor', 'moderator', 'owner'];
const SAID: readonly (readonly [RegExp, MessageId])[] = [
  [/^you have voted/, 'vote.already'],
  [/^votes are for those who/, 'vote.notYet'],
  [/^there are no votes/, 'vote.none'],
  [/^this canvas can only be looked at/, 'policy.readOnly'],
];

function refusal({ code, message: said }: Refusal): string {
  const id = SAID.find(([pattern]) => pattern.test(said))?.[1];
  return id === undefined ? serverSaid(said, code) : message(id);
}

interface Line {
  root: HTMLElement;
  cast: HTMLElement;
  said: HTMLElement;
}

export class Vote {
  private readonly asker: Asker;
  private lines: Line[] = [];
  private words: Promise<void> | null = null;

  /* `onChange`: the card may be larger or smaller. */
  constructor(
    private readonly app: App,
    private readonly onChange: () => void,
  ) {
    this.asker = new Asker((question) => app.session.connection.sendJson(question), FIRST_ID);
  }

  /* Other strokes are listed. */
  begin(): void {
    this.lines = [];
  }

  /* Of somebody else's stroke that is on the wall; for others it stays empty. */
  line(stroke: Beneath): HTMLElement {
    const cast = element('button', { type: 'button', class: 'who-action who-cast' });
    const said = element('p', { class: 'who-said', role: 'status', tabindex: '-1' });
    const root = element('div', {}, cast, said);
    root.hidden = true;
    const isOwn = stroke.artist !== 0 && stroke.artist === this.app.session.person?.artist;
    if (!stroke.hidden && !isOwn) {
      const line = { root, cast, said };
      let isAsking = false;
      cast.addEventListener('click', () => {
        if (!isAsking) {
          isAsking = true;
          void this.cast(stroke.seq, line).finally(() => (isAsking = false));
        }
      });
      this.lines.push(line);
    }
    return root;
  }

  /* The lines are in the page, or what holds has changed. */
  refresh(): void {
    const { lines } = this;
    if (!this.may) {
      this.show(lines, false);
    } else if (lines.length > 0) {
      this.words ??= learnWords();
      this.words.then(
        () => {
          lines.forEach(({ cast }) => (cast.textContent = message('vote.cast')));
          this.show(lines, this.may);
        },
        () => {
          this.words = null; /* the next time that somebody asks */
        },
      );
    }
  }

  messageCame(json: Json): void {
    if (!this.asker.messageCame(json) && (json.type === 'policy' || json.type === 'standing')) {
      queueMicrotask(() => this.refresh()); /* those who keep it hear of it after this */
    }
  }

  private get may(): boolean {
    const { order, standing } = this.app;
    const { votes, mode } = standing.told;
    return (votes ?? 0) > 0 && mode !== 'read-only' && OF_STANDING.includes(order.role);
  }

  private show(lines: readonly Line[], isShown: boolean): void {
    lines.forEach(({ root }) => (root.hidden = !isShown));
    this.onChange();
  }

  private async cast(seq: number, { cast, said }: Line): Promise<void> {
    let isDone = true;
    try {
      await this.asker.ask({ type: 'act', act: { kind: 'vote', stroke: String(seq) } });
      said.textContent = message('vote.voted', { count: this.app.standing.told.votes ?? 0 });
    } catch (error) {
      const refused = error as Refusal;
      isDone = SAID[0]![0].test(refused.message);
      said.textContent = refusal(refused);
    }
    if (isDone) {
      const hadFocus = document.activeElement === cast;
      cast.hidden = true;
      if (hadFocus) {
        said.focus({ preventScroll: true });
      }
    }
    this.onChange();
  }
}
