// Others' stroke ids and others' names: what was seen of honest artists is sent again as one's own, or as theirs.
import { cancelRecord, hideBody, previewRecord, strokeBody, submitAsRecord, submitRecord } from '../../wire/codec.mjs';
import { clockOf, crowd, pause, recordsIn, say, send, webSocket } from '../kit.mjs';

export const about = "20 identities replay others' stroke ids, hide others' strokes and sign as others";

const hex = (nonce) => (typeof nonce === 'bigint' ? nonce : BigInt(`0x${nonce}`)).toString(16).padStart(16, '0');

// What must not be: a stroke of somebody else acknowledged as ours, or hidden by us.
export async function attack(target) {
  const problems = [];
  const clock = clockOf(target);
  const tally = await crowd(target, 20, async (life) => {
    const spy = await webSocket(life, { watch: true, listens: true });
    await say(spy, { type: 'view', id: 1, level: 0, x: '-8', y: '-8', width: 16, height: 16, since: 1 });
    const seen = await spy.heard.until((bytes) => {
      const ops = recordsIn(bytes).filter(({ type }) => type === 'op');
      return ops.length > 3 ? ops : null;
    }, 3000).catch(() => []);
    spy.destroy();
    const victim = seen[Math.floor(target.random() * seen.length)];
    const forger = await webSocket(life, { identify: true, listens: true, nonce: victim ? hex(victim.nonce) : undefined });
    const counter = victim?.counter ?? 1;
    await send(forger, submitRecord(counter, [strokeBody({ points: [[1, 1], [9, 9]] })]));
    await send(forger, previewRecord(counter, 0, strokeBody({ points: [[1, 1], [9, 9]] })));
    await send(forger, cancelRecord(counter));
    if (victim) {
      await send(forger, submitRecord(counter + 100000, [hideBody(victim.seq)]));
    }
    await pause(150);
    for (const record of recordsIn(Buffer.from(forger.heard.text(), 'latin1'))) {
      if (record.type === 'ack' && victim && record.seq === victim.seq) {
        problems.push(`the stroke ${victim.seq} of artist ${victim.artist} was acknowledged to a stranger`);
      }
      if (record.type === 'ack' && record.counter === counter + 100000) {
        problems.push(`the stroke ${victim.seq} of artist ${victim.artist} was hidden by a stranger`);
      }
    }
    await say(forger, { type: 'act_as', slot: 1, name: 'Somebody' });
    await send(forger, submitAsRecord(1, 5, [strokeBody({ points: [[1, 1], [9, 9]] })]));
    await send(forger, Buffer.from([6, 1, 6, 0, 1, 1]));
    await say(forger, { type: 'act', id: 1, act: { kind: 'mode', mode: 'read-only' } }).catch(() => {});
    await pause(50);
    forger.destroy();
  });
  return { ...tally, problems: [...new Set(problems)], seconds: clock.left() };
}
