// Keys on any keyboard, commands found by a few letters, and which command a press means.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { chordsOf, keyCaps, ariaKeys } = await load('core/chords.ts');
const { fit, ranked, plain } = await load('core/fuzzy.ts');
const { Commands, GROUPS } = await load('app/commands.ts');

const press = (key, code, held = {}) => ({
  key,
  code,
  isShift: false,
  isAlt: false,
  isMod: false,
  isAltGraph: false,
  ...held,
});

test('a_letter_is_the_one_that_is_written_whatever_the_layout', () => {
  assert.deepEqual(chordsOf(press('p', 'KeyP')), ['p']);
  assert.deepEqual(chordsOf(press('p', 'KeyR')), ['p'], 'Dvorak');
  assert.deepEqual(chordsOf(press('Z', 'KeyY', { isShift: true, isMod: true })), ['mod+shift+z'], 'German');
  assert.deepEqual(chordsOf(press('P', 'KeyP')), ['p'], 'Caps Lock');
});

test('other_scripts_find_letters_by_their_place', () => {
  assert.ok(chordsOf(press('з', 'KeyP')).includes('p'), 'Cyrillic');
  assert.ok(chordsOf(press('ய', 'KeyP')).includes('p'), 'Tamil');
  assert.ok(chordsOf(press('ح', 'KeyP')).includes('p'), 'Arabic');
  assert.ok(chordsOf(press('я', 'KeyZ', { isMod: true, isShift: true })).includes('mod+shift+z'));
});

test('signs_are_what_is_written_with_and_without_shift', () => {
  assert.equal(chordsOf(press('?', 'Slash', { isShift: true }))[0], '?');
  assert.equal(chordsOf(press('?', 'Minus', { isShift: true }))[0], '?', 'German');
  assert.equal(chordsOf(press('+', 'Equal', { isShift: true }))[0], '+');
  assert.equal(chordsOf(press('[', 'Digit8', { isAltGraph: true, isMod: true, isAlt: true }))[0], '[', 'AltGr');
  assert.ok(chordsOf(press('ü', 'BracketLeft')).includes('['), 'where there is none, the place');
});

test('digits_are_found_where_they_need_shift_and_shift_with_a_digit_is_another_key', () => {
  assert.ok(chordsOf(press('&', 'Digit1')).includes('1'), 'French');
  assert.equal(chordsOf(press('0', 'Digit0', { isShift: true }))[0], '0', 'French, with Shift');
  assert.equal(chordsOf(press(')', 'Digit0', { isShift: true }))[0], 'shift+0');
  assert.equal(chordsOf(press('=', 'Digit0', { isShift: true }))[0], 'shift+0', 'German');
});

test('named_keys_keep_their_modifiers', () => {
  assert.deepEqual(chordsOf(press('ArrowLeft', 'ArrowLeft', { isAlt: true })), ['alt+arrowleft']);
  assert.deepEqual(chordsOf(press(' ', 'Space')), ['space']);
  assert.deepEqual(chordsOf(press('Home', 'Home')), ['home']);
});

test('keys_are_written_for_people_and_for_screen_readers', () => {
  assert.deepEqual(keyCaps('mod+shift+z', false), ['Ctrl', 'Shift', 'Z']);
  assert.deepEqual(keyCaps('mod+shift+z', true), ['⌘', '⇧', 'Z']);
  assert.deepEqual(keyCaps('alt+arrowleft', false), ['Alt', '←']);
  assert.deepEqual(keyCaps('+', false), ['+']);
  assert.equal(ariaKeys('mod+shift+z', false), 'Control+Shift+Z');
  assert.equal(ariaKeys('mod+z', true), 'Meta+Z');
});

test('a_few_letters_find_a_name_and_strewn_ones_do_not', () => {
  assert.ok(fit('past', 'the past') > 0);
  assert.ok(fit('tm', 'time machine') > 0, 'beginnings of words');
  assert.ok(fit('zurück', plain('Zurück')) === 0 || plain('zurück') === 'zuruck');
  assert.ok(fit(plain('ZURÜCK'), plain('zurück')) > 0, 'accents and case do not matter');
  assert.equal(fit('xyz', 'time machine'), 0);
  assert.equal(fit('iai', 'time machine'), 0, 'chance is no match');
  assert.ok(fit('machine time', 'time machine') > 0, 'words in any order');
  const names = ['Filled rectangle', 'Rectangle', 'Redo', 'Direct'];
  assert.equal(ranked('rect', names, (name) => [name])[0], 'Rectangle');
  assert.equal(ranked('', names, (name) => [name]).length, 0);
});

const command = (id, more = {}) => ({ id, title: 'tool.pen', group: 'draw', run: () => undefined, ...more });

test('of_commands_with_one_key_the_first_that_is_available_takes_it', () => {
  const commands = new Commands();
  let isPast = false;
  commands.add(
    command('a', { keys: ['x'], isAvailable: () => isPast }),
    command('b', { keys: ['x', 'mod+y'] }),
  );
  assert.equal(commands.at(['x']).id, 'b');
  isPast = true;
  assert.equal(commands.at(['x']).id, 'a');
  assert.equal(commands.at(['nothing', 'mod+y']).id, 'b');
  assert.equal(commands.at(['q']), null);
  assert.throws(() => commands.add(command('a')), /two commands/);
  assert.equal(commands.keyOf('b'), 'x');
});

test('escape_goes_one_step_out_and_the_last_that_came_is_asked_first', () => {
  const commands = new Commands();
  const asked = [];
  commands.addEscape(() => asked.push('first') > 0);
  commands.addEscape(() => asked.push('second') > 2);
  assert.equal(commands.escape(), true);
  assert.deepEqual(asked, ['second', 'first']);
  assert.ok(GROUPS.includes('page'));
});
