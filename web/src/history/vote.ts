/* Voting to hide a stroke, on walls that want votes: a line under each stroke of the card that tells who drew this. It is there for
 * artists of standing alone, and follows what the server tells of votes and roles while the card is open. Who voted can take it
 * back, whatever they are now and whatever the wall wants. */
import type { App } from '../app/app.ts';
import { message, type MessageId } from '../i18n/i18n.ts';
import { learnWords } from '../i18n/later.ts';
import { serverSaid } from '../i18n/serversaid.ts';
import type { Json } from '../net/connection.ts';
import { Asker, FIRST_IDS, type Refusal } from '../net/asker.ts';
import { element } from '../ui/dom.ts';
import type { Beneath } from './api.ts';

const OF_STANDING = ['artist', 'mentor', 'moderator', 'owner'];
const SAID: readonly (readonly [RegExp, MessageId])[] = [
  [/^you have voted/, 'vote.already'],
  [/^there is no vote of yours/, 'vote.noVote'],
  [/^this area rests/, 'vote.rests'],
  [/^votes are for those who/, 'vote.notYet'],
  [/^there are no votes/, 'vote.none'],
  [/^this canvas can only be looked at/, 'policy.readOnly'],
];

function refusal({ code, message: said }: Refusal): string {
  const id = SAID.find(([pattern]) => pattern.test(said))?.[1];
  return id === undefined ? serverSaid(said, code) : message(id);
}

const ALREADY = SAID[0]![0];
const NO_VOTE = SAID[1]![0];

interface Line {
  root: HTMLElement;
  press: HTMLElement;
  said: HTMLElement;
  hasVoted: boolean;
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
    this.asker = new Asker((question) => app.session.connection.sendJson(question), FIRST_IDS.vote);
  }

  /* Other strokes are listed. */
  begin(): void {
    this.lines = [];
  }

  /* Of somebody else's stroke that is on the wall; for others it stays empty. */
  line(stroke: Beneath): HTMLElement {
    const press = element('button', { type: 'button', class: 'who-action who-cast' });
    const said = element('p', { class: 'who-said', role: 'status' });
    const root = element('div', {}, press, said);
    root.hidden = true;
    const isOwn = stroke.artist !== 0 && stroke.artist === this.app.session.person?.artist;
    if (!stroke.hidden && !isOwn) {
      const line = { root, press, said, hasVoted: stroke.voted === true };
      let isAsking = false;
      press.addEventListener('click', () => {
        if (!isAsking) {
          isAsking = true;
          void this.change(stroke.seq, line).finally(() => (isAsking = false));
        }
      });
      this.lines.push(line);
    }
    return root;
  }

  /* The lines are in the page, or what holds has changed. */
  refresh(): void {
    const { lines } = this;
    if (this.may || lines.some(({ hasVoted }) => hasVoted)) {
      this.words ??= learnWords();
      this.words.then(
        () => this.show(lines),
        () => {
          this.words = null; /* the next time that somebody asks */
        },
      );
    } else {
      this.show(lines);
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

  private show(lines: readonly Line[]): void {
    for (const { root, press, said, hasVoted } of lines) {
      const isShown = hasVoted || this.may;
      root.hidden = !isShown;
      if (isShown) {
        press.textContent = message(hasVoted ? 'vote.takeBack' : 'vote.cast');
        if (hasVoted && said.textContent === '') {
          said.textContent = this.voted;
        }
      }
    }
    this.onChange();
  }

  private get voted(): string {
    const count = this.app.standing.told.votes ?? 0;
    return count > 0 ? message('vote.voted', { count }) : message('vote.already');
  }

  private async change(seq: number, line: Line): Promise<void> {
    const kind = line.hasVoted ? 'unvote' : 'vote';
    try {
      await this.asker.ask({ type: 'act', act: { kind, stroke: String(seq) } });
      line.hasVoted = !line.hasVoted;
      line.said.textContent = line.hasVoted ? this.voted : message('vote.takenBack');
    } catch (error) {
      const refused = error as Refusal;
      line.said.textContent = refusal(refused);
      /* From another page of theirs. */
      line.hasVoted = ALREADY.test(refused.message) || (line.hasVoted && !NO_VOTE.test(refused.message));
    }
    this.show([line]);
    line.said.scrollIntoView({ block: 'nearest' });
  }
}
