// Questions over the socket: each gets its own answer, or is told that there is none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

globalThis.window ??= globalThis;
const { Asker, FIRST_IDS } = await load('net/asker.ts');
const { RollbackWire } = await load('history/rollbackwire.ts');

function makeAsker(waitMs) {
  const sent = [];
  const state = { isOpen: true };
  const asker = new Asker((question) => state.isOpen && sent.push(question) > 0, FIRST_IDS.order, waitMs);
  return { asker, sent, state };
}

test('an_answer_goes_to_who_asked_and_others_are_nobodys', async () => {
  const { asker, sent } = makeAsker(null);
  const [first, second] = [asker.ask({ type: 'a' }), asker.ask({ type: 'b' })];
  assert.deepEqual(sent.map(({ type, id }) => [type, id - FIRST_IDS.order]), [['a', 1], ['b', 2]]);
  assert.equal(asker.messageCame({ type: 'b', id: sent[1].id, told: 2 }), true);
  assert.equal(asker.messageCame({ type: 'b', id: sent[1].id, told: 3 }), false, 'it was answered');
  assert.equal(asker.messageCame({ type: 'error', id: 1, message: 'no' }), false, 'of who counts from elsewhere');
  asker.messageCame({ type: 'error', id: sent[0].id, code: 'denied', message: 'not you' });
  assert.equal((await second).told, 2);
  await assert.rejects(first, { code: 'denied', message: 'not you', words: 'not you' });
});

test('what_cannot_be_asked_or_is_not_answered_any_more_is_told_so', async () => {
  const { asker, state } = makeAsker(null);
  const lost = asker.ask({ type: 'a' });
  asker.forget();
  await assert.rejects(lost, { code: 'unavailable', words: 'Not connected.' });
  state.isOpen = false;
  await assert.rejects(asker.ask({ type: 'a' }), { code: 'unavailable' });
  const late = makeAsker(1).asker;
  await assert.rejects(late.ask({ type: 'a' }), { code: 'unavailable' });
});

test('a_rollback_is_undone_by_its_act_once_and_a_refusal_has_words', async () => {
  const sent = [];
  const wire = new RollbackWire((question) => sent.push(question) > 0);
  const answered = (answer) => {
    const undone = wire.undo('4713');
    const { id, ...question } = sent.at(-1);
    assert.deepEqual(question, { type: 'undo', act: '4713' });
    wire.messageCame({ id, ...answer });
    return undone;
  };
  assert.equal(await answered({ type: 'acted', act: '4720' }), true);
  assert.equal(await answered({ type: 'error', code: 'not_found', message: 'that was taken back already' }), false);
  const said = 'moderators take back what others hid';
  await assert.rejects(answered({ type: 'error', code: 'denied', message: said }), { message: said });
  await assert.rejects(new RollbackWire(() => false).undo('4713'), { message: 'Not connected.' });
});
