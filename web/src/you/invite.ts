/* Invitations: making links, seeing who came by them, taking them back; and coming by one. */
import { shownName } from '../i18n/former.ts';
import { formatList, message } from '../i18n/i18n.ts';
import type { Json } from '../net/connection.ts';
import { element } from '../ui/dom.ts';
import { day } from './devices.ts';
import { action, copyAction, note, section, shown } from './parts.ts';
import type { You } from './you.ts';

const ROLES = ['newcomer', 'artist', 'mentor', 'moderator'] as const;
/* One can invite to roles below one's own. */
const ABOVE: Record<string, number> = { mentor: 2, moderator: 3, owner: 4 };

interface Invitation {
  invitation: number;
  role: string;
  uses: number;
  used: number;
  until: number;
  revoked: number | null;
  who: { name: string }[];
}

function roleName(role: string): string {
  return message('you.role', { role });
}

function number(label: string, value: number, max: number): HTMLInputElement {
  const made = element('input', { type: 'number', min: '1', max: String(max), required: '', 'aria-label': label });
  made.value = String(value);
  return made;
}

function row(you: You, one: Invitation): HTMLElement {
  const { used, uses } = one;
  const text = message('you.inviteState', { role: roleName(one.role), used, uses, until: day(one.until) });
  const lines = element('span', {}, text);
  if (one.who.length > 0) {
    lines.append(element('small', {}, formatList(one.who.map(({ name }) => shownName(name)))));
  }
  const made = element('li', {}, lines);
  const revoked = (): Node => element('small', {}, message('you.revoked'));
  made.append(
    one.revoked !== null
      ? revoked()
      : action(
          message('you.revoke'),
          async () => {
            if ((await you.ask({ type: 'invitation_revoke', invitation: one.invitation })) !== null) {
              made.lastElementChild?.replaceWith(revoked());
            }
          },
          true,
        ),
  );
  return made;
}

export function invitations(you: You): HTMLElement {
  const list = element('ul', { class: 'you-list' });
  const place = element('div', { class: 'you-made' });
  const load = async (): Promise<void> => {
    const answer = await you.ask({ type: 'invitations' });
    list.replaceChildren(...((answer?.['list'] ?? []) as Invitation[]).map((one) => row(you, one)));
  };
  const role = element('select', { 'aria-label': message('you.inviteAs') });
  role.append(
    ...ROLES.slice(0, ABOVE[you.door.role] ?? 2).map((one) => element('option', { value: one }, roleName(one))),
  );
  role.value = 'artist';
  const uses = number(message('you.inviteUses'), 1, 1000);
  const days = number(message('you.inviteDays'), 7, 366);
  const made = (answer: Json): void => {
    const link = `${location.origin}/c/${String(answer['canvas'])}#invite=${String(answer['code'])}`;
    place.replaceChildren(shown('you-link', link), note('you.inviteOnce'), copyAction(you, link, 'you.copyLink'));
  };
  const field = (label: string, input: HTMLElement): HTMLElement => element('label', {}, label, input);
  const make = element('button', { type: 'submit', class: 'text-button' }, message('you.inviteMake'));
  const form = element(
    'form',
    { class: 'you-row you-fields' },
    field(message('you.inviteAs'), role),
    field(message('you.inviteUses'), uses),
    field(message('you.inviteDays'), days),
    make,
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const question = { type: 'invite', role: role.value, uses: Number(uses.value), days: Number(days.value) };
    void you.ask(question).then(async (answer) => {
      if (answer !== null) {
        made(answer);
        await load();
      }
    });
  });
  void load();
  return section('you.invite', form, place, list);
}

export function takeInvitation(you: You, code: string): HTMLElement {
  const place = element('section', {});
  void you.ask({ type: 'invitation_use', code, look: true }).then((found) => {
    if (found === null) {
      return;
    }
    const role = roleName(String(found['role']));
    const accept = action(message('you.accept'), async () => {
      await you.identified();
      if ((await you.ask({ type: 'invitation_use', code })) !== null) {
        you.close();
        you.app.chrome.toast.say(message('you.accepted', { role }));
      }
    });
    place.append(element('p', { class: 'you-asked' }, message('you.invited', { role })), accept);
    accept.focus();
  });
  return place;
}
